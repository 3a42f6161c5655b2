"""The element that travels through the pipeline: a block of messages as the receiver took them."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from pbm360.domain.decode import EARLIEST_MICROSECONDS, Stamps
from pbm360.domain.timestamps import MICROSECONDS_PER_DAY, parse_microseconds


class Message(NamedTuple):
    """A message and what the receiver added; instants in microseconds since 1970, UTC."""

    stamps: Stamps
    source: str | None
    attributes: str
    payload: bytes


class Block(NamedTuple):
    """Messages that are landed and acknowledged together; `number` names the block within its process."""

    number: int
    messages: list[Message]


def receive(
    message_id: str, publish_time: int, attributes: dict[str, str], payload: bytes, ingested_at: int
) -> Message:
    """Stamp a message once, before anything branches: `known_at` is the attribute `observed_at`, else `ingested_at`.

    An `observed_at` that is no instant, or none between 2010 and a day after the arrival, counts as absent: a day that
    no build will ever reach would hide the message.
    """
    observed = attributes.get("observed_at")
    known_at = parse_microseconds(observed) if observed else None
    if known_at is None or not EARLIEST_MICROSECONDS <= known_at <= ingested_at + MICROSECONDS_PER_DAY:
        known_at = ingested_at
    stamps = Stamps(message_id, publish_time, ingested_at, known_at)
    text = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS).decode()
    return Message(stamps, attributes.get("source"), text, payload)
