"""Publish what the outbox holds to Pub/Sub: at least once, of each order in order, from where it stopped.

Events are noted as published after Pub/Sub has taken them. A relay that is killed in between publishes them again when
it starts anew, under the same ids, by which the pipeline drops them. One relay works at a time; others wait their turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import psycopg

from pbm360 import broker
from pbm360.oms.database import connect, statement
from pbm360.settings import Settings

BATCH_EVENTS = 500
POLL_SECONDS = 0.2  # how late an event may be seen
KEPT_DAYS = 7  # how long a published event stays in the outbox
FORGET_SECONDS = 3600.0


def relay(
    settings: Settings,
    stop: Event | None = None,
    until_empty: bool = False,
    progress: Callable[[int], object] = lambda published: None,
    batch_events: int = BATCH_EVENTS,
) -> int:
    """Publish until `stop` is set, or until the outbox is empty; returns how many events went out.

    `progress` is told how many are out. Raises `BrokerError` and `psycopg.OperationalError`; starting it again goes on
    from there.
    """
    stop, published, forgot_at = stop or Event(), 0, 0.0
    with connect(settings) as connection:
        connection.autocommit = True
        while not stop.is_set() and not _is_alone(connection):
            stop.wait(POLL_SECONDS)
        while not stop.is_set():
            count = publish_batch(settings, connection, batch_events)
            published += count
            progress(published)
            if time.monotonic() - forgot_at > FORGET_SECONDS or not forgot_at:
                connection.execute(statement("forget_published"), {"days": KEPT_DAYS})
                forgot_at = time.monotonic()
            if not count and until_empty:
                break
            if not count:
                stop.wait(POLL_SECONDS)
    return published


def publish_batch(settings: Settings, connection: psycopg.Connection, batch_events: int) -> int:
    """Publish the oldest events and note them; returns how many."""
    rows = connection.execute(statement("read_unpublished"), {"row_limit": batch_events}).fetchall()
    orders: dict[str, list[tuple[bytes, dict[str, str]]]] = {}
    for row in rows:
        orders.setdefault(row["order_id"], []).append((bytes(row["payload"]), row["attributes"]))
    broker.publish_in_order(settings, settings.topic, orders)
    if rows:
        connection.execute(statement("note_published"), {"outbox_ids": [row["outbox_id"] for row in rows]})
    return len(rows)


def waiting(settings: Settings) -> tuple[int, float]:
    """Return how many events wait for the relay and the age of the oldest, seconds."""
    with connect(settings) as connection:
        row = connection.execute(statement("count_unpublished")).fetchone()
    return row["event_count"], float(row["oldest_seconds"] or 0)


def _is_alone(connection: psycopg.Connection) -> bool:
    return connection.execute(statement("try_lock_relay")).fetchone()["is_locked"]
