"""Encode what a source sends of a step: the payload and the attributes of one message."""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import build_event, encode, format_microseconds, to_instant
from pbm360.domain.rules import schema_versions, typed_fields
from pbm360.simulate.clock import Clock
from pbm360.simulate.defects import Delivery, SentForm, data_of
from pbm360.simulate.ledger import promise_as_sent
from pbm360.simulate.world import Order, Step, source_of

RENAMED = {
    version: (
        schema,
        {field.field: name for field in typed_fields() if (name := field.name_in(version)) not in (None, field.field)},
    )
    for schema, version in schema_versions().items()
}
SOURCES = source_of()
MEGABYTE = "x" * 1_000_000


class Message(NamedTuple):
    """A message for the topic, and when it is sent (microseconds since 1970); in a history, when it was known."""

    payload: bytes
    attributes: dict[str, str]
    sent_at: int

    @property
    def observed_at(self) -> datetime.datetime:
        """The instant in which it is sent, UTC."""
        return to_instant(self.sent_at)


def message(payload: bytes, source: str, simulation_id: str, observed_at: int, clock: Clock) -> Message:
    """Return the message of a payload; the ones of the past carry `observed_at`."""
    if observed_at > clock.now:
        return Message(payload, {"source": source, "simulation_id": simulation_id}, clock.wall(observed_at))
    told = {"source": source, "simulation_id": simulation_id, "observed_at": format_microseconds(observed_at)}
    return Message(payload, told, observed_at)


def encode_delivery(order: Order, delivery: Delivery, clock: Clock) -> bytes:
    """Return the payload of a delivery."""
    payload = encode_step(order, delivery.step, clock)
    return payload if delivery.kept_share is None else payload[: int(len(payload) * delivery.kept_share)]


def encode_step(order: Order, step: Step, clock: Clock) -> bytes:
    """Return the event of a step as its source sends it. Copies of one event are the same bytes."""
    form, data, event_at = step.sent, data_of(step), step.event_at
    if step.promised_at is not None:
        data = data | {"promised_at": format_microseconds(promise_as_sent(step, clock))}
    if event_at > clock.now:
        event_at = clock.wall(event_at)
    order_id = order.reported_as or order.order_id
    if form is None:
        return encode_plain(step, order_id, event_at, data, 1)
    if form.has_plain_envelope:
        return encode_plain(
            step, order_id, event_at + form.shift, renamed(data, form.schema_version), form.schema_version
        )
    event = build_event(
        step.event_id,
        SOURCES[step.event_type],
        form.event_type or step.event_type,
        stamp(event_at + form.shift, form),
        form.order_id or order_id,
        data,
    )
    # a copy, since an encoder's bytes may hold a page of memory each, and millions of messages wait for their time
    return bytes(memoryview(encode_form(event, form)))


def encode_plain(step: Step, order_id: str, stamped_at: int, data: dict[str, object], schema_version: int) -> bytes:
    """Return what `encode(build_event(...))` makes of a step whose envelope is plain, as nearly all are.

    Only the data is encoded each time: the ids of a simulation hold nothing that JSON escapes.
    """
    before_id, before_time, before_order, before_data = plain_parts(step.event_type, schema_version)
    text = (
        f"{before_id}{step.event_id}{before_time}{format_microseconds(stamped_at)}{before_order}{order_id}{before_data}"
    )
    return b"".join((text.encode(), encode(data), b"}"))


@cache
def plain_parts(event_type: str, schema_version: int) -> list[str]:
    """Return the encoded envelope of a type in parts: before the event's id, its time, the order's id and the data."""
    event = build_event("<id>", SOURCES[event_type], event_type, "<time>", "<order>", {})
    event["dataschema"] = RENAMED[schema_version][0]
    return re.split("<id>|<time>|<order>", encode(event).decode().removesuffix("{}}"))


def renamed(data: dict[str, object], schema_version: int) -> dict[str, object]:
    """Return the data by the names that a schema has for its fields."""
    names = RENAMED[schema_version][1]
    if names.keys().isdisjoint(data):
        return data
    return {names.get(name, name): value for name, value in data.items()}


def encode_form(event: dict[str, object], form: SentForm) -> bytes:
    """Encode an event by the schema of its form, and with what else its form does to it."""
    data = renamed(event["data"], form.schema_version)
    if form.body == "megabyte":
        data = data | {"note": MEGABYTE}
    event["dataschema"], event["data"] = RENAMED[form.schema_version][0], data
    payload = encode(event)
    if form.body == "null_byte":
        return payload.replace(b'"data":{', b'"data":{"note":"\0",', 1)
    if form.body == "number_for_time":
        written = encode(event["time"])
        return payload.replace(b'"time":' + written, b'"time":1700000000000', 1)
    return payload


def stamp(instant: int, form: SentForm) -> str:
    """Write when an event happened: in UTC, or as a clock on the wall shows it, with or without its offset."""
    if form.zone is None:
        return format_microseconds(instant)
    local = to_instant(instant).astimezone(ZoneInfo(form.zone))
    shown = local if form.has_offset else local.replace(tzinfo=None)
    return shown.isoformat(timespec="microseconds" if instant % 1000 else "milliseconds")
