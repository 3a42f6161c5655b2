"""Count the events that enter each stage, minute by minute of event time."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable

import apache_beam as beam
from apache_beam.transforms import trigger
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from pbm360.domain.decode import COLUMNS
from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.shared import SharedInProcess

MINUTE_SECONDS = 60
LATENESS_SECONDS = 24 * 3600  # an event later than this is in bronze and in live, but in no minute's count
EARLY_PANE_SECONDS = 1
REMEMBERED_KEYS = 500_000
PLACE = {name: COLUMNS.index(name) for name in ("source", "event_id", "event_at", "stage", "pharmacy_id", "carrier")}
CountKey = tuple[str, str, str]  # stage, pharmacy, carrier


class SeenEvents(SharedInProcess):
    """Remember the newest event keys, so that a second copy of an event is not counted. Safe for several threads.

    The horizon is `REMEMBERED_KEYS` keys. A copy that comes later than that is counted twice here; the tables, which
    are sets, never count it twice.
    """

    def __init__(self, keys: Iterable[tuple[str, str]] = (), recovered: dict[int, Counter[CountKey]] | None = None):
        super().__init__()
        self._lock = threading.Lock()
        self._recovered = recovered or {}
        self._keys: OrderedDict[tuple[str, str], None] = OrderedDict.fromkeys(keys)

    def take_recovered(self) -> dict[int, Counter[CountKey]]:
        """Return, the first time, the counts that a stream before this one had reached, by minute."""
        with self._lock:
            recovered, self._recovered = self._recovered, {}
        return recovered

    def is_new(self, key: tuple[str, str]) -> bool:
        """Remember a key; tell whether it was unknown."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > REMEMBERED_KEYS:
                self._keys.popitem(last=False)
            return True


class CountStagesByMinute(beam.PTransform):
    """JudgedBlock -> (minute's start, {(stage, pharmacy, carrier): count}, timing) a pane.

    Windows: fixed, 60 s of event time. Trigger: early each second of processing time, once on time, for each late
    arrival. Allowed lateness: 24 h; what is older counts in no window (it is landed all the same). Accumulating: a pane
    holds the minute's whole count, so the newest stands. Guarantee: a copy within `SeenEvents`' horizon counts once.
    """

    def __init__(self, seen: SeenEvents):
        super().__init__()
        self._seen = seen

    def expand(self, judged):
        return (
            judged
            | "CountBlock" >> beam.ParDo(CountBlock(self._seen))  # (None, {(stage, pharmacy, carrier): count})
            | "ByMinute"
            >> beam.WindowInto(
                FixedWindows(MINUTE_SECONDS),
                trigger=trigger.AfterWatermark(
                    early=trigger.Repeatedly(trigger.AfterProcessingTime(EARLY_PANE_SECONDS)),
                    late=trigger.AfterCount(1),
                ),
                accumulation_mode=trigger.AccumulationMode.ACCUMULATING,
                allowed_lateness=LATENESS_SECONDS,
            )
            | "MergeCounts" >> beam.CombinePerKey(MergeCounts())  # (None, {(stage, pharmacy, carrier): total})
            | "WithMinute" >> beam.ParDo(AddMinute())  # (minute, totals, timing)
        )


class CountBlock(beam.DoFn):
    """Count a block before anything is shuffled: one small mapping a minute instead of one element an event."""

    def __init__(self, seen: SeenEvents):
        self._seen = seen

    def process(self, judged: JudgedBlock):
        """Yield a mapping of counts for each minute, stamped with that minute; first those that were recovered."""
        for minute, counts in self._seen.take_recovered().items():
            yield TimestampedValue((None, dict(counts)), minute)
        for minute, counts in count_rows(judged.rows, self._seen, oldest=time.time() - LATENESS_SECONDS).items():
            yield TimestampedValue((None, dict(counts)), minute)


def count_rows(rows: Iterable[list], seen: SeenEvents, oldest: float) -> dict[int, Counter[CountKey]]:
    """Count distinct stage-entering events not older than `oldest` (seconds) by minute (seconds since 1970, UTC)."""
    minutes: dict[int, Counter[CountKey]] = {}
    source, event_id, event_at = PLACE["source"], PLACE["event_id"], PLACE["event_at"]
    stage, pharmacy, carrier = PLACE["stage"], PLACE["pharmacy_id"], PLACE["carrier"]
    for row in rows:
        seconds = row[event_at] // MICROSECONDS_PER_SECOND
        if row[stage] is None or seconds < oldest or not seen.is_new((row[source], row[event_id])):
            continue
        minute = seconds - seconds % MINUTE_SECONDS
        minutes.setdefault(minute, Counter())[row[stage], row[pharmacy] or "", row[carrier] or ""] += 1
    return minutes


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
