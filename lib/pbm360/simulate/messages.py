"""Encode what a source sends of a step: the payload and the attributes of one message."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from pbm360.domain.envelope import build_event, encode, format_microseconds, to_instant
from pbm360.simulate.clock import Clock
from pbm360.simulate.defects import Delivery
from pbm360.simulate.ledger import promise_as_sent
from pbm360.simulate.world import Order, Step, source_of


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
    return Message(payload, attributes, to_instant(observed_at))


def encode_step(order: Order, step: Step, clock: Clock) -> bytes:
    """Return the event of a step as its source sends it. Copies of one event are the same bytes."""
    event_type, data = step.spelling or (step.event_type, step.data)
    if step.promised_at is not None:
        data = data | {"promised_at": format_microseconds(promise_as_sent(step, clock))}
    event_at = format_microseconds(clock.wall(step.event_at))
    return encode(build_event(step.event_id, source_of()[step.event_type], event_type, event_at, order.order_id, data))
