"""Hand-written messages for tests: events on the wire, rows of bronze."""

from __future__ import annotations

import datetime
import json

UTC = datetime.UTC


def at(text: str) -> datetime.datetime:
    """Return an instant of November 2026, e.g. `20 09:30` is the 20th at half past nine, UTC."""
    day, _, clock = text.partition(" ")
    hour, _, minute = (clock or "0:0").partition(":")
    return datetime.datetime(2026, 11, int(day), int(hour), int(minute or 0), tzinfo=UTC)


def event(event_id: str, source: str, event_type: str, event_at: str, order_id: str = "A1", **data) -> bytes:
    """Return an event as a source sends it; `event_at` as in `at`."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": event_type,
            "time": at(event_at).isoformat().replace("+00:00", "Z"),
            "subject": order_id,
            "dataschema": "order-event/1",
            "data": data,
        }
    ).encode()


def bronze_row(message_id: str, payload: bytes, known_at: str, source: str = "oms") -> dict:
    """Return a row of `pbm_bronze.raw_orders`; `known_at` as in `at`."""
    known = at(known_at)
    return {
        "message_id": message_id,
        "publish_time": known,
        "ingested_at": known,
        "known_at": known,
        "known_date": known.date(),
        "source": source,
        "attributes": json.dumps({"source": source}),
        "payload": payload,
    }


def simulated_row(number: int, message) -> dict:
    """Return the row of `pbm_bronze.raw_orders` that a simulated message becomes."""
    known = message.observed_at
    return {
        "message_id": str(number),
        "publish_time": known,
        "ingested_at": known,
        "known_at": known,
        "known_date": known.date(),
        "source": message.attributes["source"],
        "attributes": json.dumps(message.attributes),
        "payload": message.payload,
    }
