"""A log takes what it lacks from other files of the same orders; what has no partner is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pbm360.feeds.errors import FeedError, MappingError
from pbm360.feeds.importer import find_mapping
from pbm360.feeds.joins import read_log
from pbm360.feeds.mapping import parse_mapping

MAPPING = {
    "shape": "long",
    "join": {"file": "parcels.csv", "on": {"tracking": "parcel"}, "columns": ["order_no"]},
    "order": "order_no",
    "type": {"column": "status"},
    "time": {"column": "when", "zone": "UTC"},
}
LOG = "tracking,status,when\nT1,shipped,2026-11-20\nT2,shipped,2026-11-21\n,shipped,2026-11-22\n"
PARCELS = "parcel,order_no\nT1,A1\nT3,C3\n,D4\n"


@pytest.fixture
def write(tmp_path):
    def run(name, content):
        path = tmp_path / name
        path.write_text(content)
        return path

    return run


def test_a_row_takes_columns_from_the_row_of_its_key(write):
    log, _ = write("log.csv", LOG), write("parcels.csv", PARCELS)
    alone = Counter()
    rows = list(read_log(log, parse_mapping(MAPPING), alone=alone))
    shipped = {"status": "shipped"}
    assert rows == [
        (2, {"tracking": "T1", "when": "2026-11-20", "order_no": "A1"} | shipped),
        (3, {"tracking": "T2", "when": "2026-11-21"} | shipped),
        (4, {"tracking": "", "when": "2026-11-22"} | shipped),  # no key is no key of a nameless row
    ]
    assert alone == {"parcels.csv": 2}


def test_what_one_file_brings_another_is_joined_by(write):
    log, _ = write("log.csv", LOG), write("parcels.csv", PARCELS)
    write("orders.ndjson", '{"order_no":"A1","patient":"M-1"}\n')
    second = {"file": "orders.ndjson", "on": "order_no", "columns": ["patient"]}
    mapping = parse_mapping(MAPPING | {"join": [MAPPING["join"], second], "fields": {"patient_id": "patient"}})
    assert mapping.columns == ("status", "when", "tracking")
    first = next(row for _, row in read_log(log, mapping))
    assert (first["order_no"], first["patient"]) == ("A1", "M-1")


def test_a_key_with_two_meanings_is_refused_and_a_repeated_row_is_not(write):
    log = write("log.csv", LOG)
    write("parcels.csv", PARCELS + "T1,A1\n")
    assert len(list(read_log(log, parse_mapping(MAPPING)))) == 3
    write("parcels.csv", PARCELS + "T1,B2\n")
    with pytest.raises(FeedError, match="parcels.csv line 5 differs from an earlier one with the same parcel"):
        list(read_log(log, parse_mapping(MAPPING)))


def test_a_file_that_is_not_there_is_said_and_may_lie_elsewhere(write, tmp_path):
    log = write("log.csv", LOG)
    with pytest.raises(FeedError, match=r"no file .*parcels.csv, which the mapping joins; lay it beside log.csv or"):
        list(read_log(log, parse_mapping(MAPPING)))
    other = tmp_path / "elsewhere.csv"
    other.write_text("tracking_no,order_no,patient_no,carrier_code,promise_time\nT1,A1,M-1,UPS,\n")
    assert find_mapping(Path("carrier_tracking"), [other]).joins[0].file == other
    with pytest.raises(MappingError, match="joins 1 files; got 2"):
        find_mapping(Path("carrier_tracking"), [other, other])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"on": {"a": "b", "c": "d"}}, "join.on must be a column of both files"),
        ({"columns": "order_no"}, "join.columns must list the columns to take; got 'order_no'"),
        ({"columns": []}, "join.columns must list"),
        ({"colour": "red"}, "unknown key join.colour"),
        ({"encoding": "utf-99"}, "encoding must be that of a text file"),
    ],
)
def test_a_join_that_can_not_be_is_refused(change, message):
    with pytest.raises(MappingError, match=message):
        parse_mapping(MAPPING | {"join": MAPPING["join"] | change})
