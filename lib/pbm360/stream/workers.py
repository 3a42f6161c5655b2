"""What the stream's steps need where they run on several workers: sinks made there, counts that no worker can spoil."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyarrow as pa

from pbm360 import broker
from pbm360.domain.timestamps import EPOCH
from pbm360.settings import Settings
from pbm360.stream.counting_sets import CountDistinctEntries, RecoverEntries
from pbm360.stream.deduplicating import CountKey
from pbm360.stream.pipeline import StreamParts
from pbm360.stream.shared import MadeByWorker
from pbm360.stream.sinks import DEAD_LETTER_SCHEMA, EVENT_SCHEMA, MINUTE_SCHEMA, RAW_SCHEMA, TableAppender
from pbm360.warehouse import Warehouse

READ_ROWS = 10_000  # at a time


class WorkerAppender:
    """Append rows to a table by an appender that each worker process makes once, for all of its threads and steps.

    It waits and tries again while the warehouse is down, as on a laptop; the runner keeps what is in hand.
    """

    def __init__(self, settings: Settings, table: str, schema: pa.Schema):
        self._appender = MadeByWorker(partial(TableAppender, settings.without_secrets(), table, schema))

    def append(self, rows: Sequence[Sequence]) -> None:
        """Append rows; returns once they are committed."""
        self._appender.here().append(rows)


def worker_parts(settings: Settings, pseudonym_key: Callable[[], str], *, bounded: bool = False) -> StreamParts:
    """Return the parts of a pipeline that runs on several workers; none holds a secret.

    A stream counts the last day's minutes of the live table anew when the job begins, as one on a laptop does; a
    `bounded` replay counts what it reads.
    """
    public = settings.without_secrets()
    recovered = None if bounded else RecoverEntries(partial(recent_entries, public))
    return StreamParts(
        pseudonym_key=pseudonym_key,
        raw=WorkerAppender(public, "bronze.raw_orders", RAW_SCHEMA),
        live=WorkerAppender(public, "live.order_events", EVENT_SCHEMA),
        minutes=WorkerAppender(public, "live.stage_minutes", MINUTE_SCHEMA),
        dead_letters=WorkerAppender(public, "ops.dead_letters", DEAD_LETTER_SCHEMA),
        publish_dead_letters=partial(broker.publish_batches, public, public.dead_letter_topic),
        counting=CountDistinctEntries(recovered, bounded=bounded),
    )


def recent_entries(settings: Settings, since: int, until: int) -> Iterator[tuple[int, CountKey, str, str]]:
    """Yield (minute, place, source, event id) of the live table's stage entries from `since` to before `until`.

    Instants are seconds since 1970, UTC, of event time.
    """
    parameters = {name: EPOCH + datetime.timedelta(seconds=at) for name, at in (("since", since), ("until", until))}
    for batch in Warehouse(settings).run("stream/recent_entries.sql", parameters).to_batches(READ_ROWS):
        minutes = [int(minute.timestamp()) for minute in batch["minute_at"].to_pylist()]
        names = ("stage", "pharmacy_id", "carrier", "source", "event_id")
        stages, pharmacies, carriers, sources, event_ids = (batch[name].to_pylist() for name in names)
        yield from zip(minutes, zip(stages, pharmacies, carriers, strict=True), sources, event_ids, strict=True)
