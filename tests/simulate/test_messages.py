"""The messages on the wire: what the contract asks of an event and of every typed field."""

import datetime
import json
import re

import pytest

from pbm360.domain.envelope import build_event, encode, format_microseconds
from pbm360.domain.rules import codes, event_types, schema_versions, typed_fields
from pbm360.simulate.clock import Clock
from pbm360.simulate.messages import encode_form, encode_step
from pbm360.simulate.world import source_of

PRINTABLE = re.compile(r"[!-~]{1,128}")
FORMS = {
    "identifier": PRINTABLE,
    "integer": re.compile(r"-?[0-9]{1,15}"),
    "numeric": re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?"),
    "boolean": re.compile(r"true|false"),
    "timestamp": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3,6}(Z|[+-][0-9]{2}:00)"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "zip3": re.compile(r"[0-9]{3}"),
    "ndc": re.compile(r"[0-9]{10,11}"),
}
UNTYPED = {"patient_id", "tracking_number", "pa_id", "lot", "note"}  # they never leave bronze as they are
FIELDS = {
    schema: {field.name_in(version): field for field in typed_fields() if field.name_in(version)}
    for schema, version in schema_versions().items()
}


@pytest.fixture(scope="module")
def events(judged):
    """The accepted messages with their events as sent."""
    return [(message, json.loads(message.payload)) for message, row in judged if isinstance(row, dict)]


def scalar_text(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_every_envelope_is_that_of_the_contract(events):
    for message, event in events:
        assert list(event) == ["specversion", "id", "source", "type", "time", "subject", "dataschema", "data"]
        assert (event["specversion"], event["dataschema"] in schema_versions()) == ("1.0", True)
        assert PRINTABLE.fullmatch(event["id"])
        assert PRINTABLE.fullmatch(event["subject"])
        assert FORMS["timestamp"].fullmatch(event["time"])
        assert event["source"] == message.attributes["source"]


def test_every_event_comes_from_the_source_of_its_type(events):
    for _, event in events:
        assert event_types()[codes("type")[event["type"].strip().lower()]].source == event["source"]


def test_every_field_has_its_form_and_lies_in_its_range(events):
    seen = set()
    for _, event in events:
        fields = FIELDS[event["dataschema"]]
        for name, value in event["data"].items():
            seen.add(name)
            if name in UNTYPED:
                continue
            field, text = fields[name], scalar_text(value)
            if field.kind == "code":
                assert text.strip().lower() in codes(field.field), (name, text)
            else:
                assert FORMS[field.kind].fullmatch(text), (name, text)
            if field.minimum is not None:
                assert field.minimum <= float(text) <= field.maximum, (name, text)
    first_schema = {field.field for field in typed_fields() if field.first_version == 1}
    assert first_schema - seen <= {"corrects_id", "correction_reason"}  # the rarest defect's


def test_every_promise_lies_after_the_event_that_first_tells_it(events):
    for _, event in events:
        if event["type"] == "label_created":
            promised_at = datetime.datetime.fromisoformat(event["data"]["promised_at"])
            assert promised_at > datetime.datetime.fromisoformat(event["time"])


def test_no_name_or_address_is_on_the_wire(simulation, messages):
    payloads = b"\n".join(message.payload for message in messages)
    for word in (b"Testpatient", b"-555-01", b"@patients", b"Synthetic Street"):
        assert word not in payloads
    zip_codes = {row["zip_code"] for row in simulation.entities().patients}
    assert not any(f'"{zip_code}"'.encode() in payloads for zip_code in list(zip_codes)[:50])


def test_a_step_that_is_sent_plainly_is_encoded_as_any_event_is(simulation):
    clock, looked_at = Clock(simulation.end), set()
    for order in simulation.orders_born()[:300]:
        for step in order.steps:
            if step.sent is None and step.promised_at is None:
                time = format_microseconds(step.event_at)
                order_id = order.reported_as or order.order_id
                event = build_event(
                    step.event_id, source_of()[step.event_type], step.event_type, time, order_id, step.data
                )
                assert encode_step(order, step, clock) == encode(event)
                looked_at.add(step.event_type)
    assert len(looked_at) > 20


def test_a_step_of_a_drifted_schema_or_a_clock_that_is_off_is_encoded_as_any_event_is(simulation):
    clock, looked_at = Clock(simulation.end), set()
    for order in simulation.orders_born()[:300]:
        for step in order.steps:
            form = step.sent
            if form is not None and form.has_plain_envelope and step.promised_at is None:
                time, order_id = format_microseconds(step.event_at + form.shift), order.reported_as or order.order_id
                data = step.data if form.data is None else form.data
                event = build_event(step.event_id, source_of()[step.event_type], step.event_type, time, order_id, data)
                assert encode_step(order, step, clock) == encode_form(event, form)
                looked_at.add((form.schema_version, form.shift != 0))
    assert looked_at >= {(1, True), (2, False)}
