"""A mapping says what is what, or is refused with what was expected."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pbm360.domain import rules
from pbm360.feeds.errors import MappingError
from pbm360.feeds.mapping import SHIPPED, DataField, FeedMapping, NamedBy, load_mapping, parse_mapping

LONG = {
    "shape": "long",
    "order": "order_no",
    "type": {"column": "what", "values": {"IN": "referral_received", "OUT": "delivered"}},
    "time": {"column": "when", "zone": "Europe/Amsterdam"},
}
WIDE = {
    "shape": "wide",
    "order": "order_no",
    "events": {"received": "referral_received", "delivered": "delivered"},
    "time": {"zone": "UTC"},
}


def without(content: dict, key: str) -> dict:
    return {name: value for name, value in content.items() if name != key}


def test_a_short_long_mapping_has_sensible_defaults():
    assert parse_mapping(LONG) == FeedMapping(
        shape="long",
        order=NamedBy("order_no"),
        types={"IN": "referral_received", "OUT": "delivered"},
        zone=ZoneInfo("Europe/Amsterdam"),
        type_column="what",
        time_column="when",
    )


def test_a_full_mapping_says_everything():
    mapping = parse_mapping(
        LONG
        | {
            "order": {"column": "order_no", "prefix": "X-"},
            "id": {"column": "row_no", "prefix": "x-"},
            "type": LONG["type"] | {"on_unmapped": "ignore", "ignore": ["PING", 7]},
            "time": {"column": "when", "zone": "UTC", "format": "%d/%m/%Y"},
            "source": {"column": "system"},
            "observed_at": {"column": "seen"},
            "fields": {
                "priority": {"column": "rush", "values": {"Y": "urgent", 0: "routine"}},
                "patient_id": "patient",
                "channel": {"constant": "fax"},
            },
            "delimiter": ";",
        }
    )
    assert mapping.ignored_types == {"PING", "7"}
    assert mapping.fields == (
        DataField("priority", "rush", {"Y": "urgent", "0": "routine"}),
        DataField("patient_id", "patient"),
        DataField("channel", constant="fax"),
    )
    assert mapping.columns == ("order_no", "what", "when", "system", "seen", "row_no", "rush", "patient")
    assert (mapping.on_unmapped, mapping.time_format, mapping.text_format.delimiter) == ("ignore", "%d/%m/%Y", ";")


def test_a_wide_mapping_needs_the_columns_of_its_times():
    assert parse_mapping(WIDE | {"id": "order_no"}).columns == ("order_no", "received", "delivered")


def test_without_a_value_map_the_log_speaks_of_our_types_in_any_spelling():
    mapping = parse_mapping(LONG | {"type": {"column": "what"}})
    assert mapping.event_type("Ship_Confirmed") == "shipped"
    assert mapping.event_type("teleported") is None
    assert parse_mapping(LONG).event_type("in") is None  # a map of the user's own is taken by the letter


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("order: [", "the file must be a mapping"),
        ([], "the file must be a mapping"),
        (without(LONG, "shape"), "shape must be one of long, wide; got None"),
        (LONG | {"shape": "tall"}, "shape must be one of long, wide; got 'tall'"),
        (without(LONG, "order"), "order is missing; expected are order, shape, time, type"),
        (LONG | {"ordre": "x"}, "unknown key ordre; known are"),
        (LONG | {"events": {}}, "unknown key events"),
        (LONG | {"order": 7}, "order must be a mapping"),
        (LONG | {"order": {"column": ""}}, "order.column must be the name of a column"),
        (LONG | {"type": {"values": {}}}, "type.column is missing"),
        (LONG | {"type": {"column": "what", "values": {}}}, "type.values must map at least one value"),
        (LONG | {"type": {"column": "w", "values": {"IN": "arrived"}}}, r"type.values.IN must be an event type \(ref"),
        (LONG | {"type": LONG["type"] | {"on_unmapped": "drop"}}, "type.on_unmapped must be one of refuse, ignore"),
        (LONG | {"type": LONG["type"] | {"ignore": "PING"}}, "type.ignore must be a list"),
        (LONG | {"time": {"column": "when"}}, "time.zone is missing"),
        (LONG | {"time": {"column": "when", "zone": "Mars/Olympus"}}, "time.zone must be a time zone, e.g. Europe/A"),
        (LONG | {"time": {"column": "when", "zone": "../etc/passwd"}}, "time.zone must be a time zone"),
        (LONG | {"source": "fax machine"}, "source must be one of carrier, crm, iot, oms, payer, wms, or a column"),
        (LONG | {"observed_at": "now"}, "observed_at must be one of event_time, import_time"),
        (LONG | {"fields": {"pharmcy_id": "x"}}, "fields.pharmcy_id is no field of an event's data; known are pharm"),
        (LONG | {"fields": {"quantity": {"from": "x"}}}, "fields.quantity.column is missing"),
        (LONG | {"delimiter": ";;"}, "delimiter must be one character"),
        (WIDE | {"time": {"zone": "UTC", "column": "when"}}, "unknown key time.column"),
        (WIDE | {"events": {"a": "delivered", "b": "delivered"}, "id": "n"}, "so id can't tell their events apart"),
    ],
)
def test_what_can_not_be_is_refused_with_what_was_expected(content, message):
    with pytest.raises(MappingError, match=message):
        parse_mapping(content)


def test_an_error_names_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(LONG | {"shape": "tall"}))
    with pytest.raises(MappingError, match=r"mine.yaml: shape must be one of"):
        load_mapping(path)
    path.write_text("shape: [long")
    with pytest.raises(MappingError, match=r"mine.yaml is no YAML"):
        load_mapping(path)
    with pytest.raises(
        MappingError, match=r"no mapping file .*; shipped mappings are carrier_tracking, hospital_billing"
    ):
        load_mapping(tmp_path / "other.yaml")


def test_codes_that_yaml_takes_for_something_else_stay_text(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "shape: long\norder: no\ntype: {column: on, values: {NO: delivered, 0123: lost}, ignore: [OFF]}\n"
        "time: {column: y, zone: UTC}\n"
    )
    mapping = load_mapping(path)
    assert (mapping.types, mapping.ignored_types) == ({"NO": "delivered", "0123": "lost"}, {"OFF"})
    assert mapping.columns == ("no", "on", "y")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_mapping_is_valid_and_found_by_its_name(path):
    mapping = load_mapping(path)
    assert load_mapping(Path(path.stem)) == mapping
    assert set(mapping.types.values()) <= set(rules.event_types())
