"""Review what the stream refused: list the dead letters, look at a raw message, publish messages again after a fix.

A dead letter holds a reason and a pointer. The message itself is in bronze, byte for byte, and is read there alone; of
a payload over 8 MB bronze holds the address.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pbm360 import broker
from pbm360.warehouse import Warehouse

REVIEW_DAYS = 30
OPEN = "open"
REFUSED_AGAIN = "refused again"


class DeadLetterError(ValueError):
    """A dead letter is not there, or can't be replayed; the text says which and what to do."""


@dataclass(frozen=True)
class DeadLetter:
    """A refused message: why, and where it lies. `status` is open, refused again (a replay was), or accepted."""

    message_id: str
    known_date: datetime.date
    source: str | None
    reason_code: str
    detail: str | None
    publish_time: datetime.datetime
    refused_at: datetime.datetime
    replay_count: int
    status: str


@dataclass(frozen=True)
class RawMessage:
    """A message as bronze holds it."""

    message_id: str
    known_at: datetime.datetime
    known_date: datetime.date
    attributes: str
    payload: bytes


def list_dead_letters(
    warehouse: Warehouse, first_date: datetime.date, reason_code: str | None = None
) -> list[DeadLetter]:
    """List the messages refused that were known on `first_date` or later, oldest first; replays are told with them."""
    rows = warehouse.run("dead_letters/list.sql", {"first_date": first_date}).to_pylist()
    return [DeadLetter(**row) for row in rows if reason_code in (None, row["reason_code"])]


def find_dead_letters(warehouse: Warehouse, message_ids: Sequence[str], first_date: datetime.date) -> list[DeadLetter]:
    """Return the dead letters of these messages. Raises `DeadLetterError` for the first that has none."""
    letters = {letter.message_id: letter for letter in list_dead_letters(warehouse, first_date)}
    for message_id in message_ids:
        if message_id not in letters:
            raise DeadLetterError(
                f"no dead letter of message {message_id} since {first_date}; see `pbm360 dead-letter list`"
            )
    return [letters[message_id] for message_id in message_ids]


def read_raw(warehouse: Warehouse, letters: Sequence[DeadLetter]) -> dict[str, RawMessage]:
    """Read the messages that dead letters point to, by message id; those that an erasure took are missing."""
    if not letters:
        return {}
    dates = [letter.known_date for letter in letters]
    parameters = {
        "message_ids": [letter.message_id for letter in letters],
        "first_date": min(dates),
        "last_date": max(dates),
    }
    rows = warehouse.run("dead_letters/raw_messages.sql", parameters).to_pylist()
    return {row["message_id"]: RawMessage(**row) for row in rows}


def replay(warehouse: Warehouse, letters: Sequence[DeadLetter]) -> list[RawMessage]:
    """Publish refused messages again, byte for byte; returns those that went out, as bronze holds them.

    A payload over 8 MB is read from the object that its pointer in bronze names. Raises `DeadLetterError`, before
    anything goes out, where that object is gone or holds something else.

    Attribute `observed_at` keeps when they were known, so that `known_at` and the day that builds them stay;
    `replay_of` names the message. Twice is harmless: events are sets by their key, and a second copy of one is a
    duplicate in the ledger.
    """
    raw = read_raw(warehouse, letters)
    messages = [raw[letter.message_id] for letter in letters if letter.message_id in raw]
    again = [(received_payload(message), replayed(message)) for message in messages]
    settings = warehouse.settings
    broker.publish_batches(settings, settings.topic, again)
    return messages


def received_payload(message: RawMessage) -> bytes:
    """Return the payload as it was received: bronze's own, or that of the object that bronze points to."""
    from pbm360.stream.large_payloads import NotThePayload, pointed_to

    try:
        return pointed_to(message.payload)
    except NotThePayload as error:
        raise DeadLetterError(f"{error} is not what message {message.message_id} held") from error
    except OSError as error:
        place = json.loads(message.payload)["payload_uri"]
        raise DeadLetterError(f"{place} of message {message.message_id} can't be read: {error}") from error


def replayed(message: RawMessage) -> dict[str, str]:
    """Return the attributes with which a message goes out again."""
    attributes = json.loads(message.attributes)
    known_at = message.known_at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return {"replay_of": message.message_id} | attributes | {"observed_at": known_at}
