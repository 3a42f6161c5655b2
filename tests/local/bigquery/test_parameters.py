"""Query parameters keep their values and types."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import ArrayQueryParameter, QueryJobConfig, ScalarQueryParameter

VALUES = [
    ("STRING", "a$given@b 'quoted' \\ é"),
    ("INT64", -5),
    ("FLOAT64", 1.5),
    ("BOOL", False),
    ("TIMESTAMP", datetime(2026, 11, 20, 10, 0, 0, 123, UTC)),
    ("DATE", date(2026, 1, 2)),
    ("NUMERIC", Decimal("1.123456789")),
    ("BYTES", b"\xff\x00a"),
]


@pytest.mark.parametrize(("kind", "given"), VALUES)
def test_a_value_comes_back_as_it_went(client, kind, given):
    configuration = QueryJobConfig(query_parameters=[ScalarQueryParameter("given", kind, given)])
    rows = client.query("select @given as given", job_config=configuration).result()
    assert [row.given for row in rows] == [given]
    assert rows.schema[0].field_type in (kind, {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}.get(kind))


@pytest.mark.parametrize("kind", [kind for kind, _ in VALUES])
def test_null_keeps_its_type(client, kind):
    configuration = QueryJobConfig(query_parameters=[ScalarQueryParameter("given", kind, None)])
    rows = client.query("select @given as given", job_config=configuration).result()
    assert [row.given for row in rows] == [None]
    assert rows.schema[0].field_type in (kind, {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}.get(kind))


ARRAYS = [
    ("STRING", ["a", "b"]),
    ("STRING", []),
    ("DATE", [date(2026, 1, 2)]),
    ("INT64", [1, 2]),
    ("TIMESTAMP", [datetime(2026, 11, 20, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("kind", "given"), ARRAYS)
def test_an_array_unnests(answer, kind, given):
    sql = "select item from unnest(@given) as item order by item"
    assert answer(sql, ArrayQueryParameter("given", kind, given)) == [(item,) for item in given]


def test_an_array_is_searched(answer):
    sql = "select id from unnest(['a', 'b', 'c']) as id where id in unnest(@ids) order by id"
    assert answer(sql, ArrayQueryParameter("ids", "STRING", ["a", "c"])) == [("a",), ("c",)]
    assert answer(sql, ArrayQueryParameter("ids", "STRING", [])) == []


def test_text_that_looks_like_a_parameter_stays_text(answer):
    sql = r"select '@id $id', r'\$id', json_value('{\"id\": 7}', '$.id'), @id"
    assert answer(sql, ScalarQueryParameter("id", "STRING", "v")) == [("@id $id", r"\$id", "7", "v")]


def test_parameters_in_a_limit_and_an_interval(answer):
    count = ScalarQueryParameter("count", "INT64", 2)
    assert answer("select x from unnest([3, 1, 2]) as x order by x limit @count", count) == [(1,), (2,)]
    sql = "select timestamp_add(timestamp '2026-01-01', interval @count hour)"
    assert answer(sql, count) == [(datetime(2026, 1, 1, 2, tzinfo=UTC),)]


def test_a_parameter_of_another_type_is_refused(answer):
    with pytest.raises(BadRequest):
        answer("select date_add(@given, interval 1 day)", ScalarQueryParameter("given", "STRING", "no date"))


def test_a_script_sees_the_parameters(answer):
    sql = """
        declare from_date date default date_sub(@build_date, interval 2 day);
        select from_date, @build_date, @ids;
    """
    day = ScalarQueryParameter("build_date", "DATE", date(2026, 11, 22))
    ids = ArrayQueryParameter("ids", "STRING", ["a"])
    assert answer(sql, day, ids) == [(date(2026, 11, 20), date(2026, 11, 22), ["a"])]
