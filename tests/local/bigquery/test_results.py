"""A result's rows are the emulator's own, written a column at a time."""

import datetime
import decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.local.bigquery.corrections.results import emulator_rows, rows_of

DAY = datetime.date(2026, 11, 28)
NOON = datetime.datetime(2026, 11, 28, 12, 0, 0, 123456, datetime.UTC)
COLUMNS = {
    "text": pa.array(["a", None, "", "é'\"\n"]),
    "whole": pa.array([1, None, -(2**63), 2**63 - 1]),
    "small": pa.array([1, None, -128, 127], pa.int8()),
    "float": pa.array([0.1, None, float("nan"), -1e300]),
    "truth": pa.array([True, None, False, True]),
    "money": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-0.000000001"), decimal.Decimal(0)]),
    "instant": pa.array([NOON, None, NOON.replace(year=1), NOON.replace(year=9999)], pa.timestamp("us", "UTC")),
    "second": pa.array([NOON.replace(microsecond=0), None, None, None], pa.timestamp("s", "UTC")),
    "wall": pa.array([NOON.replace(tzinfo=None), None, None, None], pa.timestamp("us")),
    "day": pa.array([DAY, None, DAY.replace(year=1), DAY]),
    "time": pa.array([datetime.time(1, 2, 3), None, None, None]),
    "bytes": pa.array([b"\x00\xff", None, b"", b"a"]),
    "list": pa.array([[1, 2], None, [], [None]], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}, {"a": 2, "b": ""}]),
    "nothing": pa.nulls(4),
}
TABLE = pa.table(COLUMNS)


@pytest.mark.parametrize(("offset", "limit"), [(0, None), (0, 2), (1, 2), (3, 9), (4, None), (0, 0)])
def test_every_type_is_written_as_the_emulator_writes_it(offset, limit):
    assert rows_of(TABLE, offset, limit) == emulator_rows(TABLE, offset, limit)


def test_a_result_without_columns_has_no_rows():
    assert rows_of(pa.table({}), 0, 10) == []


@given(st.lists(st.floats() | st.none()), st.lists(st.text() | st.none()))
def test_any_number_and_text_is_written_as_the_emulator_writes_it(numbers, texts):
    for table in (pa.table({"n": pa.array(numbers, pa.float64())}), pa.table({"t": pa.array(texts, pa.string())})):
        assert rows_of(table) == emulator_rows(table)
