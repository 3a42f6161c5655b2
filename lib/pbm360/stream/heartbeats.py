"""Beat for a stream whose workers come and go: one heartbeat a minute, also while nothing comes in."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms import trigger
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import GlobalWindows

from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.sinks import INSTANT, TableAppender

BEAT_SECONDS = 60
HEARTBEAT_SCHEMA = pa.schema(
    [
        ("process", pa.string()),
        ("beat_at", INSTANT),
        ("beat_date", pa.date32()),
        ("received_count", pa.int64()),
        ("rejected_count", pa.int64()),
        ("lag_seconds", pa.float64()),
    ]
)


class Tally(NamedTuple):
    """What was landed; `lag_seconds` is that of the block that landed last, at `landed_at` (microseconds, UTC)."""

    received: int
    rejected: int
    landed_at: int
    lag_seconds: float


NOTHING = Tally(0, 0, 0, 0.0)


class BeatHeart(beam.PTransform):
    """JudgedBlock -> nothing: a row of `pbm_ops.heartbeats` a minute, with what was landed since the job began.

    Windows: the global one. Trigger: each minute of processing time, while blocks or ticks come; the ticks
    let it beat while nothing comes. Accumulating. `bounded`: one beat, when all is read. Guarantee: the counts are
    those of the runner, exact or at least once.
    """

    def __init__(self, heartbeats: TableAppender, *, bounded: bool = False):
        super().__init__()
        self._heartbeats, self._bounded = heartbeats, bounded

    def expand(self, landed):
        tallies = [landed | "Tally" >> beam.Map(tally)]  # Tally
        if not self._bounded:
            ticks = landed.pipeline | "Tick" >> PeriodicImpulse(fire_interval=BEAT_SECONDS)
            tallies.append(ticks | "TallyNothing" >> beam.Map(tally_nothing))  # Tally
        return (
            tallies
            | "WithTicks" >> beam.Flatten()
            | "EachMinute" >> beat_windows(self._bounded)
            | "Sum" >> beam.CombineGlobally(add_tallies).without_defaults()  # Tally
            | "WriteBeat" >> beam.ParDo(WriteBeat(self._heartbeats))  # nothing
        )


def beat_windows(bounded: bool) -> beam.WindowInto:
    """Return the one window of all time: a stream tells of it each minute, a replay at its end."""
    if bounded:
        return beam.WindowInto(GlobalWindows())
    return beam.WindowInto(
        GlobalWindows(),
        trigger=trigger.Repeatedly(trigger.AfterProcessingTime(BEAT_SECONDS)),
        accumulation_mode=trigger.AccumulationMode.ACCUMULATING,
    )


def tally(judged: JudgedBlock) -> Tally:
    """Return what a landed block adds."""
    now = time.time_ns() // 1000
    lag = max(now - judged.block.messages[-1].stamps.publish_time, 0) / MICROSECONDS_PER_SECOND
    return Tally(len(judged.block.messages), len(judged.refusals), now, lag)


def tally_nothing(_: object) -> Tally:
    """Return what a tick adds."""
    return NOTHING


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Add several: counts are summed, the lag is that of the last."""
    total = NOTHING
    for one in tallies:
        last = max(total, one, key=lambda each: each.landed_at)
        total = Tally(total.received + one.received, total.rejected + one.rejected, last.landed_at, last.lag_seconds)
    return total


class WriteBeat(beam.DoFn):
    """Write a heartbeat."""

    def __init__(self, heartbeats: TableAppender):
        self._heartbeats = heartbeats

    def process(self, total: Tally):
        """Append one row."""
        now = (datetime.datetime.now(datetime.UTC) - EPOCH) // datetime.timedelta(microseconds=1)
        row = ("stream", now, now // MICROSECONDS_PER_DAY, total.received, total.rejected, total.lag_seconds)
        self._heartbeats.append([row])
