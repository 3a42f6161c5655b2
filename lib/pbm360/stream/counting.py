"""Count the events that enter each stage, minute by minute of event time, and write the counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.transforms import trigger
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from pbm360.domain.decode import COLUMNS
from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND
from pbm360.stream.deduplicating import CountKey, DropCopies, SeenEvents, StageEntries
from pbm360.stream.shared import MadeByWorker
from pbm360.stream.sinks import TableAppender
from pbm360.stream.totals import AddToTotals, MinuteTotals

MINUTE_SECONDS = 60
HOUR_SECONDS, HOURS = 3600, 24
LATENESS_SECONDS = 24 * 3600  # an event later than this is in bronze and in live, but in no minute's count
EARLY_PANE_SECONDS = 1
EVENT_AT, STAGE, PHARMACY, CARRIER = (COLUMNS.index(name) for name in ("event_at", "stage", "pharmacy_id", "carrier"))


def count_rows(rows: Iterable[list], oldest: float) -> tuple[dict[int, Counter[CountKey]], int]:
    """Count events by minute (seconds since 1970, UTC); returns the counts, and how many were older than `oldest`."""
    minutes: dict[int, Counter[CountKey]] = {}
    too_late = 0
    for row in rows:
        seconds = row[EVENT_AT] // MICROSECONDS_PER_SECOND
        if seconds < oldest:
            too_late += 1
            continue
        counts = minutes.setdefault(seconds - seconds % MINUTE_SECONDS, Counter())
        counts[row[STAGE], row[PHARMACY] or "", row[CARRIER] or ""] += 1
    return minutes, too_late


def keyed_by_hour(minute: int, counts: Counter[CountKey]) -> TimestampedValue:
    """Stamp a minute's counts with that minute. Their key is its hour: runners copy a key's state as a whole."""
    return TimestampedValue((minute // HOUR_SECONDS % HOURS, dict(counts)), minute)


class CountFirstCopies(beam.PTransform):
    """JudgedBlock -> panes as `CountStagesByMinute` makes them, where one process sees every event.

    `seen` is shared with this process, or made by each worker (`MadeByWorker(SeenEvents)`), which counts for itself.
    `lateness_seconds` is None where a replay counts events of any age.
    """

    def __init__(
        self,
        seen: SeenEvents | MadeByWorker,
        count_too_late: Callable[[int], object],
        lateness_seconds: float | None = LATENESS_SECONDS,
    ):
        super().__init__()
        self.seen, self._count_too_late, self._lateness_seconds = seen, count_too_late, lateness_seconds

    def expand(self, landed):
        return (
            landed
            | "DropCopies" >> DropCopies(self.seen)  # StageEntries(rows)
            | "CountByMinute"
            >> CountStagesByMinute(
                self.seen, self._count_too_late, trigger.AccumulationMode.DISCARDING, self._lateness_seconds
            )  # (minute, {(stage, pharmacy, carrier): n since the last pane}, timing)
            | "AddToTotals" >> AddToTotals(MinuteTotals())  # (minute, {(stage, pharmacy, carrier): n}, timing)
        )


class CountStagesByMinute(beam.PTransform):
    """StageEntries -> (minute's start, {(stage, pharmacy, carrier): count}, timing) a pane.

    Windows: fixed, 60 s of event time. Trigger: early each second of processing time, once on time, for each late
    arrival. Allowed lateness: 24 h; what is older by the clock than `lateness_seconds` (None: than nothing) is in no
    window: it is landed all the same, and told to `count_too_late` and to the metric `too_late`. The runner, whose
    watermark is never past the clock, drops nothing itself. Accumulating: a pane holds the minute's whole count, so the
    newest stands; or discarding, where totals are kept behind it. Guarantee: a copy within the horizon of `SeenEvents`
    counts once.
    """

    def __init__(
        self,
        seen: SeenEvents | MadeByWorker,
        count_too_late: Callable[[int], object],
        accumulation: int = trigger.AccumulationMode.ACCUMULATING,
        lateness_seconds: float | None = LATENESS_SECONDS,
    ):
        super().__init__()
        self._seen, self._count_too_late, self._accumulation = seen, count_too_late, accumulation
        self._lateness_seconds = lateness_seconds

    def expand(self, entries):
        return (
            entries
            | "CountBlock"
            >> beam.ParDo(
                CountBlock(self._seen, self._count_too_late, self._lateness_seconds)
            )  # (hour, {(stage, pharmacy, carrier): count})
            | "ByMinute"
            >> beam.WindowInto(
                FixedWindows(MINUTE_SECONDS),
                trigger=trigger.AfterWatermark(
                    early=trigger.Repeatedly(trigger.AfterProcessingTime(EARLY_PANE_SECONDS)),
                    late=trigger.AfterCount(1),
                ),
                accumulation_mode=self._accumulation,
                allowed_lateness=LATENESS_SECONDS,
            )
            | "MergeCounts" >> beam.CombinePerKey(MergeCounts())  # (hour, {(stage, pharmacy, carrier): total})
            | "WithMinute" >> beam.ParDo(AddMinute())  # (minute, totals, timing)
        )


class WriteMinutes(beam.PTransform):
    """(minute, totals, timing) -> nothing: rows of `pbm_live.stage_minutes`, of which the last emitted stands."""

    def __init__(self, minutes: TableAppender):
        super().__init__()
        self._minutes = minutes

    def expand(self, panes):
        return panes | beam.ParDo(AppendMinutes(self._minutes))


class CountBlock(beam.DoFn):
    """Count a block before anything is shuffled: one small mapping a minute instead of one element an event."""

    def __init__(
        self,
        seen: SeenEvents | MadeByWorker,
        count_too_late: Callable[[int], object],
        lateness_seconds: float | None = LATENESS_SECONDS,
    ):
        self._seen, self._count_too_late, self._lateness_seconds = seen, count_too_late, lateness_seconds
        self._too_late = Metrics.counter("stream", "too_late")

    def process(self, entries: StageEntries):
        """Yield a mapping of counts for each minute, stamped with that minute; first those that were recovered."""
        for minute, counts in self._seen.here().take_recovered().items():
            yield keyed_by_hour(minute, counts)
        oldest = float("-inf") if self._lateness_seconds is None else time.time() - self._lateness_seconds
        minutes, too_late = count_rows(entries.rows, oldest)
        if too_late:
            self._too_late.inc(too_late)
            self._count_too_late(too_late)
        for minute, counts in minutes.items():
            yield keyed_by_hour(minute, counts)


class MergeCounts(beam.CombineFn):
    """Add mappings of counts."""

    def create_accumulator(self) -> Counter:
        """Begin with nothing."""
        return Counter()

    def add_input(self, mutable_accumulator: Counter, element: dict) -> Counter:
        """Add one block's counts."""
        mutable_accumulator.update(element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[Counter]) -> Counter:
        """Add the totals of several."""
        total: Counter = Counter()
        for counts in accumulators:
            total.update(counts)
        return total

    def extract_output(self, accumulator: Counter) -> dict:
        """Return plain counts."""
        return dict(accumulator)


class AddMinute(beam.DoFn):
    """Put the window's start and the pane's timing beside the totals."""

    def process(self, element, window=beam.DoFn.WindowParam, pane=beam.DoFn.PaneInfoParam):
        """Yield (minute in seconds since 1970, totals, timing)."""
        timing = {0: "early", 1: "on_time", 2: "late"}.get(pane.timing, "early")
        yield int(window.start), element[1], timing


class AppendMinutes(beam.DoFn):
    """Write the panes of a bundle in one request."""

    def __init__(self, minutes: TableAppender):
        self._minutes = minutes
        self._rows: list[tuple] = []

    def process(self, pane: tuple[int, dict, str]):
        """Gather the rows of one pane."""
        minute, totals, timing = pane
        emitted_at, minute_at = time.time_ns() // 1000, minute * MICROSECONDS_PER_SECOND
        self._rows += [(minute_at, *key, count, timing, emitted_at) for key, count in totals.items()]

    def finish_bundle(self) -> None:
        """Write what was gathered."""
        rows, self._rows = self._rows, []
        self._minutes.append(rows)
