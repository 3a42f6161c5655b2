"""Encode what a source sends of a step: the payload and the attributes of one message."""

from __future__ import annotations

import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import build_event, encode, format_microseconds, to_instant
from pbm360.domain.rules import schema_versions, typed_fields
from pbm360.simulate.clock import Clock
from pbm360.simulate.defects import Delivery, SentForm
from pbm360.simulate.ledger import promise_as_sent
from pbm360.simulate.world import Order, Step, source_of

NAMES = {
    version: (schema, {field.field: field.name_in(version) for field in typed_fields()})
    for schema, version in schema_versions().items()
}
PLAIN = SentForm()
MEGABYTE = "x" * 1_000_000


class Message(NamedTuple):
    """A message for the topic, and when it is sent (UTC); in a history, when it was known."""

    payload: bytes
    attributes: dict[str, str]
    observed_at: datetime.datetime


def encode_delivery(order: Order, delivery: Delivery, simulation_id: str, clock: Clock) -> Message:
    """Return the message of a delivery; the ones of the past carry `observed_at`."""
    payload = encode_step(order, delivery.step, clock)
    if delivery.kept_share is not None:
        payload = payload[: int(len(payload) * delivery.kept_share)]
    observed_at = clock.wall(delivery.observed_at)
    attributes = {"source": source_of()[delivery.step.event_type], "simulation_id": simulation_id}
    if delivery.observed_at <= clock.now:
        attributes["observed_at"] = format_microseconds(observed_at)
    # a copy, since an encoder's bytes may hold a page of memory each, and millions of messages wait for their time
    return Message(bytes(memoryview(payload)), attributes, to_instant(observed_at))


def encode_step(order: Order, step: Step, clock: Clock) -> bytes:
    """Return the event of a step as its source sends it. Copies of one event are the same bytes."""
    form = step.sent or PLAIN
    data = step.data if form.data is None else form.data
    if step.promised_at is not None:
        data = data | {"promised_at": format_microseconds(promise_as_sent(step, clock))}
    event = build_event(
        step.event_id,
        source_of()[step.event_type],
        form.event_type or step.event_type,
        stamp(clock.wall(step.event_at) + form.shift, form),
        form.order_id or order.reported_as or order.order_id,
        data,
    )
    return encode(event) if form is PLAIN else encode_form(event, form)


def encode_form(event: dict[str, object], form: SentForm) -> bytes:
    """Encode an event by the schema of its form, and with what else its form does to it."""
    schema, names = NAMES[form.schema_version]
    data = {names.get(name, name): value for name, value in event["data"].items()}
    if form.body == "megabyte":
        data["note"] = MEGABYTE
    payload = encode(event | {"dataschema": schema, "data": data})
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
