"""A row becomes the events that a hand would write; a row that lacks something is still sent."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import pytest

from pbm360.domain import rules
from pbm360.feeds.events import EventMaker, LeftOut, as_text, content_id, has_value
from pbm360.feeds.mapping import parse_mapping

UTC = datetime.UTC
LONG = {
    "shape": "long",
    "order": {"column": "order_no", "prefix": "X-"},
    "id": {"column": "row_no", "prefix": "x-"},
    "type": {"column": "what", "values": {"IN": "referral_received", "OUT": "delivered"}},
    "time": {"column": "when", "zone": "Europe/Amsterdam"},
    "fields": {"quantity": "pills"},
}
ROW = {"order_no": "A1", "row_no": "1", "what": "OUT", "when": "2026-11-20 10:00:00", "pills": "30"}
WIDE = {
    "shape": "wide",
    "order": "order_no",
    "events": {"received": "referral_received", "shipped": "shipped", "delivered": "delivered"},
    "time": {"zone": "UTC"},
}


def make(content: dict, row: dict) -> list:
    return list(EventMaker(parse_mapping(content)).make(row))


def only(content: dict, row: dict):
    (event,) = make(content, row)
    return event


def test_a_row_of_a_long_log_is_one_event():
    event = only(LONG, ROW)
    assert json.loads(event.payload(event.event_id)) == {
        "specversion": "1.0",
        "id": "x-1",
        "source": "carrier",
        "type": "delivered",
        "time": "2026-11-20T09:00:00.000Z",
        "subject": "X-A1",
        "dataschema": "order-event/1",
        "data": {"quantity": "30"},
    }
    assert event.attributes("import-1") == {
        "source": "carrier",
        "import_id": "import-1",
        "observed_at": "2026-11-20T09:00:00.000Z",
    }
    assert event.defects == ()


def test_a_row_of_a_wide_log_is_an_event_for_each_time_it_holds():
    row = {"order_no": "A1", "received": "2026-11-20 08:00", "shipped": " ", "delivered": "2026-11-22 17:00"}
    assert [(e.event_type, e.source, e.event_time, e.order_id) for e in make(WIDE, row)] == [
        ("referral_received", "oms", "2026-11-20T08:00:00.000Z", "A1"),
        ("delivered", "carrier", "2026-11-22T17:00:00.000Z", "A1"),
    ]
    assert make(WIDE, {"order_no": "A1"}) == []
    assert [e.event_id for e in make(WIDE | {"id": "order_no"}, row)] == ["A1-referral_received", "A1-delivered"]


def test_a_value_that_is_not_mapped_makes_no_event():
    assert make(LONG, ROW | {"what": "PING"}) == [LeftOut("PING")]


@pytest.mark.parametrize(
    ("changes", "defects"),
    [
        ({"order_no": ""}, ("missing_field (subject)",)),
        ({"when": None}, ("missing_field (time)",)),
        ({"what": " "}, ("missing_field (type)",)),
        ({"when": "yesterday"}, ("invalid_time",)),
        ({"order_no": "A 1"}, ("invalid_id (subject)",)),
        ({"row_no": "ä"}, ("invalid_id (id)",)),
        ({"order_no": "A" * 127}, ("invalid_id (subject)",)),  # with the prefix 129 characters
        ({"order_no": None, "when": "soon"}, ("missing_field (subject)", "invalid_time")),
    ],
)
def test_a_row_that_lacks_something_is_sent_as_far_as_it_goes(changes, defects):
    event = only(LONG, ROW | changes)
    assert event.defects == defects
    assert {defect.split()[0] for defect in defects} <= set(rules.rejection_reasons())
    sent = json.loads(event.payload(event.event_id or "import-1"))
    assert sent["time"] == {"yesterday": "yesterday", "soon": "soon", None: ""}.get(
        (ROW | changes)["when"], "2026-11-20T09:00:00.000Z"
    )
    assert ("observed_at" in event.attributes("import-1")) == (
        "invalid_time" not in defects and "missing_field (time)" not in defects
    )


def test_when_it_was_known_is_the_time_of_the_event_another_column_or_the_import():
    row = ROW | {"seen": "2026-11-21 10:00:00"}
    seen = datetime.datetime(2026, 11, 21, 9, tzinfo=UTC)
    happened = datetime.datetime(2026, 11, 20, 9, tzinfo=UTC)
    by_column = LONG | {"observed_at": {"column": "seen"}}
    assert only(LONG, row).known_at == happened
    assert only(by_column, row).known_at == seen
    assert only(by_column, row | {"seen": ""}).known_at == happened
    assert only(by_column, row | {"seen": "soon"}).known_at == happened
    assert only(LONG | {"observed_at": "import_time"}, row).known_at is None
    assert "observed_at" not in only(LONG | {"observed_at": "import_time"}, row).attributes("import-1")


def test_the_source_is_the_types_own_or_named_or_a_column():
    assert only(LONG | {"source": "crm"}, ROW).source == "crm"
    by_column = LONG | {"source": {"column": "system"}}
    assert only(by_column, ROW | {"system": " WMS "}).source == "WMS"
    assert only(by_column, ROW).defects == ("missing_field (source)",)
    assert "source" not in only(by_column, ROW).attributes("import-1")
    assert only(by_column, ROW | {"system": "\ud800" + "ä" * 2000}).attributes("import-1")["source"] == "?" + "ä" * 127


def test_fields_take_a_column_a_value_map_or_a_constant():
    fields = {
        "priority": {"column": "rush", "values": {"Y": "urgent", "0": "routine"}},
        "channel": {"constant": "fax"},
        "promised_at": "promised",
        "need_by_date": "needed",
        "is_reship": "again",
        "quantity": "pills",
        "days_supply": "days",
        "station": "desk",
    }
    row = ROW | {
        "rush": 0.0,
        "promised": "2026-11-22 12:00",
        "needed": datetime.datetime(2026, 11, 23),
        "again": False,
        "pills": Decimal("1.50"),
        "days": 30,
        "desk": float("nan"),
    }
    assert only(LONG | {"fields": fields}, row).data == {
        "priority": "routine",
        "channel": "fax",
        "promised_at": "2026-11-22T11:00:00.000Z",
        "need_by_date": "2026-11-23",
        "is_reship": False,
        "quantity": "1.50",
        "days_supply": 30,
    }
    other = only(LONG | {"fields": fields}, row | {"rush": "maybe", "promised": "soon"}).data
    assert (other["priority"], other["promised_at"]) == ("maybe", "soon")  # the pipeline says what is wrong with them


def test_text_that_is_no_unicode_and_numbers_that_json_does_not_know_are_still_sent():
    event = only(LONG, ROW | {"order_no": "\ud800", "pills": 10**30})
    assert json.loads(event.payload("1"))["data"] == {"quantity": "1" + "0" * 30}
    nested = only(LONG, ROW | {"pills": [datetime.date(2026, 11, 20)]})
    assert json.loads(nested.payload("1"))["data"] == {"quantity": ["2026-11-20"]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("  A1 ", "A1"),
        (17, "17"),
        (17.0, "17"),
        (17.5, "17.5"),
        (float("nan"), ""),
        (True, "true"),
        (b"A1", "A1"),
        (Decimal("2.50"), "2.50"),
        (datetime.date(2026, 11, 20), "2026-11-20"),
        ({"a": [1]}, '{"a": [1]}'),
    ],
)
def test_a_cell_of_any_type_has_a_text(value, text):
    assert as_text(value) == text
    assert has_value(value) == bool(text)


def test_equal_rows_have_equal_digests_whatever_the_format_of_the_file_and_others_do_not():
    without_id = {key: value for key, value in LONG.items() if key != "id"}
    from_csv = only(without_id, ROW)
    from_parquet = only(without_id, ROW | {"when": datetime.datetime(2026, 11, 20, 10), "row_no": 1})
    assert from_csv.event_id == ""
    assert from_csv.digest() == from_parquet.digest()
    for changes in ({"order_no": "A2"}, {"what": "IN"}, {"when": "2026-11-20 10:00:01"}, {"pills": "31"}):
        assert only(without_id, ROW | changes).digest() != from_csv.digest()
    assert content_id(from_csv.digest(), 2) == f"import-{from_csv.digest().hex()[:24]}-2"
