"""Run the pipeline on a laptop: feed it from Pub/Sub, write to the warehouse, until it is told to stop or idle."""

from __future__ import annotations

import datetime
import gc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain

import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.test_stream_service import TestStreamServiceController
from google.api_core.exceptions import GoogleAPIError

from pbm360.memory import GIVE_BACK_SECONDS, give_back
from pbm360.settings import Settings
from pbm360.stream.committing import CommittedSink, Committer
from pbm360.stream.counting import LATENESS_SECONDS, CountFirstCopies
from pbm360.stream.deduplicating import HORIZON_KEYS, SeenEvents
from pbm360.stream.feed import CODER, TAG, PubSubFeed
from pbm360.stream.feed_state import FeedState
from pbm360.stream.finishing import finish_landing
from pbm360.stream.heartbeats import HEARTBEAT_SCHEMA
from pbm360.stream.only_one import only_stream
from pbm360.stream.pipeline import StreamParts, build
from pbm360.stream.quicker_runner import few_collections, quicken
from pbm360.stream.refusing import publish_until_taken
from pbm360.stream.retrying import Stopped
from pbm360.stream.shared import StopFlag
from pbm360.stream.sinks import DEAD_LETTER_SCHEMA, EVENT_SCHEMA, MINUTE_SCHEMA, RAW_SCHEMA, TableAppender
from pbm360.warehouse import Warehouse

OPTIONS = ("--runner=BundleBasedDirectRunner", "--streaming", "--allow_unsafe_triggers")
HEARTBEAT_SECONDS = 10.0
BEAT_SECONDS = 5.0  # for a heartbeat to be written; the next one is as good
BEAT_SCHEMA = pa.schema(
    [
        *HEARTBEAT_SCHEMA,
        ("backlog_count", pa.int64()),
        ("too_late_count", pa.int64()),
        ("messages_per_second", pa.float64()),
    ]
)
TELL_SECONDS = 1.0
RECOVERED_ROWS = 10_000  # at a time
log = logging.getLogger(__name__)


def run_stream(
    settings: Settings,
    *,
    until_idle_seconds: float | None = None,
    stop: StopFlag | None = None,
    progress: Callable[[FeedState], object] = lambda state: None,
) -> FeedState:
    """Run the stream in this process until `stop` is set, or until nothing has come for `until_idle_seconds`.

    Returns what it did. Delivery: at least once into both tables, which readers take as sets. What is unacknowledged at
    the end is delivered again at the next start. Raises `StreamRunning` where another stream takes the messages, and
    what ended this one before its time.
    """
    with only_stream(settings):
        return _run(settings, until_idle_seconds, stop or StopFlag(), progress)


def _run(
    settings: Settings, until_idle_seconds: float | None, stop: StopFlag, progress: Callable[[FeedState], object]
) -> FeedState:
    feed = PubSubFeed(settings, stop, until_idle_seconds)
    committer = Committer(feed.acknowledge, stop)
    try:
        parts = laptop_parts(settings, feed, committer, stop)
    except Stopped as error:
        log.warning("the stream was told to end before it began: %s", error)
        return feed.state
    service = TestStreamServiceController(feed)
    service.start()
    ended = threading.Event()
    heartbeats = TableAppender(settings, "ops.heartbeats", BEAT_SCHEMA)
    threading.Thread(target=_tell, args=(feed, progress, ended), daemon=True).start()
    threading.Thread(target=_keep_beating, args=(heartbeats, feed, ended), daemon=True).start()
    try:
        quicken()
        with few_collections(), beam.Pipeline(options=PipelineOptions(list(OPTIONS))) as pipeline:
            numbers = (pipeline | TestStream(coder=CODER, endpoint=service.endpoint, output_tags={TAG}))[TAG]
            build(numbers | "TakeBlock" >> beam.Map(feed.block), parts)
    finally:
        stop.set()
        ended.set()
        service.stop()
        try:
            committer.close()
        finally:
            feed.close()
    return feed.state


def laptop_parts(settings: Settings, feed: PubSubFeed, committer: Committer, stop: StopFlag) -> StreamParts:
    """Return the parts of the pipeline on one machine: every sink behind the committer, one memory of what counts."""
    raw = TableAppender(settings, "bronze.raw_orders", RAW_SCHEMA, stop)
    live = TableAppender(settings, "live.order_events", EVENT_SCHEMA, stop)
    minutes = TableAppender(settings, "live.stage_minutes", MINUTE_SCHEMA, stop)
    dead_letters = TableAppender(settings, "ops.dead_letters", DEAD_LETTER_SCHEMA, stop)
    publish = partial(publish_until_taken, settings, stop)
    finish_landing(Warehouse(settings), live, dead_letters)
    return StreamParts(
        pseudonym_key=partial(str, settings.required_pseudonym_key),
        raw=CommittedSink(committer.submit_raw, raw.append),
        live=CommittedSink(committer.submit, live.append),
        minutes=CommittedSink(committer.submit, minutes.append),
        dead_letters=CommittedSink(committer.submit, dead_letters.append),
        publish_dead_letters=CommittedSink(committer.submit, publish).append,
        counting=CountFirstCopies(recover_counts(settings, minutes), feed.count_too_late),
        acknowledge=committer.acknowledge,
    )


def recover_counts(settings: Settings, minutes: TableAppender) -> SeenEvents:
    """Count the last day's minutes anew from the live table, write them, and return what the counting must know.

    A stream that was killed has forgotten its windows. What it had landed is in `pbm_live.order_events`: those events
    are counted here, once, go into the windows again, and later copies of the newest `HORIZON_KEYS` are known.
    """
    warehouse = Warehouse(settings)
    oldest = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=LATENESS_SECONDS)
    # whole minutes: one that is counted from its middle would replace its right count by a smaller one
    since = oldest.replace(second=0, microsecond=0)
    emitted_at = time.time_ns() // 1000
    recovered: dict[int, Counter] = {}
    for batch in warehouse.run("stream/recent_minutes.sql", {"since": since}).to_batches(RECOVERED_ROWS):
        rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        for minute_at, *place, count in rows:
            recovered.setdefault(int(minute_at.timestamp()), Counter())[tuple(place)] = count
        minutes.append([(*row, "late", emitted_at) for row in rows])
    keys = warehouse.run("stream/recent_keys.sql", {"since": since, "key_count": HORIZON_KEYS})
    batches = keys.to_batches(RECOVERED_ROWS)  # a day's events are millions: never all of them as Python's objects
    known = (zip(*(column.to_pylist() for column in batch.columns), strict=True) for batch in batches)
    return SeenEvents(chain.from_iterable(known), recovered)


def _tell(feed: PubSubFeed, progress: Callable, ended: threading.Event) -> None:
    """Show the state every second, and see to it that the process stays small."""
    tidied_at = time.monotonic()
    while not ended.wait(TELL_SECONDS):
        progress(feed.state)
        if time.monotonic() - tidied_at >= GIVE_BACK_SECONDS:
            tidied_at = time.monotonic()
            gc.collect()  # the runner makes classes for each block, which only the collector takes away
            give_back()


def _keep_beating(heartbeats: TableAppender, feed: PubSubFeed, ended: threading.Event) -> None:
    """Beat every ten seconds, in a thread of its own: one beat at a time, and nobody waits for it."""
    while not ended.wait(HEARTBEAT_SECONDS):
        beat(heartbeats, feed.state)


def beat(heartbeats: TableAppender, state: FeedState) -> None:
    """Keep the stream's state in `pbm_ops.heartbeats`; a warehouse that is away misses a beat, no more."""
    now = datetime.datetime.now(datetime.UTC)
    counts = (state.received, state.rejected, state.lag_seconds, state.backlog, state.too_late)
    row = ("stream", now, now.date(), *counts, state.messages_per_second)
    try:
        heartbeats.try_append([row], BEAT_SECONDS)
    except GoogleAPIError as error:
        log.warning("a heartbeat is missing: %s", error)
