"""Count stage entries by minute on several workers: each minute holds the set of its events, not a number.

Counting needs each event once. One process remembers what it has seen (`deduplicating.py`); on several workers, whose
bundles are tried again, only the runner's own state is sure. So what is merged are sets of event keys: a copy, a bundle
that is run twice, and what a stream before this one has counted change nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from itertools import pairwise

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.transforms import trigger
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from pbm360.domain.decode import COLUMNS
from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND
from pbm360.stream.counting import HOUR_SECONDS, LATENESS_SECONDS, MINUTE_SECONDS
from pbm360.stream.deduplicating import CountKey
from pbm360.stream.judging import JudgedBlock

EARLY_PANE_SECONDS = 5
KEY_BYTES = 8  # two of a million events of one minute, stage, pharmacy and carrier share a key once in 37 million times
PLACES = [COLUMNS.index(name) for name in ("source", "event_id", "event_at", "stage", "pharmacy_id", "carrier")]
SOURCE, EVENT_ID, EVENT_AT, STAGE, PHARMACY, CARRIER = PLACES
Entry = tuple[CountKey, bytes]  # where it entered, and the event's key
ReadRecent = Callable[[int, int], Iterable[tuple[int, CountKey, str, str]]]
AHEAD_SECONDS = 3 * 24 * 3600  # past what an event's time may be ahead of its arrival


class CountDistinctEntries(beam.PTransform):
    """JudgedBlock -> (minute's start, {(stage, pharmacy, carrier): count}, timing) a pane.

    Windows: fixed, 60 s of event time. Trigger: early every 5 seconds of processing time, once on time, for each late
    arrival; the watermark is the source's, on Dataflow that of publish times. Allowed lateness: 24 h; what is older by
    the clock is in no window and told to the metric `too_late` (it is landed all the same). Accumulating: a pane holds
    the whole count. Guarantee: each event once, within the minute's 24 hours. `bounded`: a replay counts every event,
    however old, and each minute once, when all is read.

    `recovered` are entries that were counted before, of any age: their union with what comes is harmless.
    """

    def __init__(self, recovered: beam.PTransform | None = None, *, bounded: bool = False):
        super().__init__()
        self._recovered, self._bounded = recovered, bounded

    def expand(self, landed):
        lateness = None if self._bounded else LATENESS_SECONDS
        entries = landed | "FindEntries" >> beam.ParDo(FindEntries(lateness))  # (CountKey, event keys)
        if self._recovered is not None:
            before = landed.pipeline | "Recover" >> self._recovered  # (CountKey, event keys)
            entries = (entries, before) | "WithRecovered" >> beam.Flatten()
        return (
            entries
            | "ByMinute" >> minute_windows(self._bounded)
            | "UniteKeys" >> beam.CombinePerKey(UniteKeys())  # (CountKey, count)
            | "WithMinute" >> beam.ParDo(AddMinute())  # (minute, {CountKey: count}, timing)
        )


def minute_windows(bounded: bool) -> beam.WindowInto:
    """Return the windows of a minute: those of a stream tell early and late, those of a replay once."""
    if bounded:
        return beam.WindowInto(FixedWindows(MINUTE_SECONDS))
    return beam.WindowInto(
        FixedWindows(MINUTE_SECONDS),
        trigger=trigger.AfterWatermark(
            early=trigger.Repeatedly(trigger.AfterProcessingTime(EARLY_PANE_SECONDS)),
            late=trigger.AfterCount(1),
        ),
        accumulation_mode=trigger.AccumulationMode.ACCUMULATING,
        allowed_lateness=LATENESS_SECONDS,
    )


class FindEntries(beam.DoFn):
    """Find the stage entries of a block; one element a minute and place, however many events it holds."""

    def __init__(self, lateness_seconds: float | None):
        self._lateness_seconds = lateness_seconds
        self._too_late = Metrics.counter("stream", "too_late")

    def process(self, judged: JudgedBlock):
        """Yield the joined event keys of each minute and place, stamped with that minute."""
        oldest = time.time() - self._lateness_seconds if self._lateness_seconds is not None else float("-inf")
        entries, too_late = find_entries(judged.rows, oldest)
        self._too_late.inc(too_late)
        for (minute, place), keys in entries.items():
            yield TimestampedValue((place, b"".join(keys)), minute)


def find_entries(rows: Iterable[list], oldest: float) -> tuple[dict[tuple[int, CountKey], list[bytes]], int]:
    """Return the event keys by minute (seconds since 1970, UTC) and place, and how many were older than `oldest`."""
    entries: dict[tuple[int, CountKey], list[bytes]] = {}
    too_late = 0
    for row in rows:
        if row[STAGE] is None:
            continue
        seconds = row[EVENT_AT] // MICROSECONDS_PER_SECOND
        if seconds < oldest:
            too_late += 1
            continue
        place = (row[STAGE], row[PHARMACY] or "", row[CARRIER] or "")
        minute = seconds - seconds % MINUTE_SECONDS
        entries.setdefault((minute, place), []).append(event_key(row[SOURCE], row[EVENT_ID]))
    return entries, too_late


def event_key(source: str, event_id: str) -> bytes:
    """Return the key of an event, the same in every process."""
    return hashlib.blake2b(f"{source}\x00{event_id}".encode(), digest_size=KEY_BYTES).digest()


class UniteKeys(beam.CombineFn):
    """Unite sets of event keys, each travelling as its keys' bytes one after the other; the result is their number."""

    def create_accumulator(self) -> bytes:
        """Begin with nothing."""
        return b""

    def add_input(self, mutable_accumulator: bytes, element: bytes) -> bytes:
        """Add the keys of one block."""
        return unite([mutable_accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[bytes]) -> bytes:
        """Unite several sets."""
        return unite(accumulators)

    def extract_output(self, accumulator: bytes) -> int:
        """Return how many there are."""
        return len(accumulator) // KEY_BYTES


def unite(parts: Iterable[bytes]) -> bytes:
    """Return the distinct keys of several rows of keys."""
    keys = {part[at : at + KEY_BYTES] for part in parts for at in range(0, len(part), KEY_BYTES)}
    return b"".join(keys)


class AddMinute(beam.DoFn):
    """Put the window's start and the pane's timing beside the count."""

    def process(self, element, window=beam.DoFn.WindowParam, pane=beam.DoFn.PaneInfoParam):
        """Yield (minute in seconds since 1970, {place: count}, timing)."""
        timing = {0: "early", 1: "on_time", 2: "late"}.get(pane.timing, "early")
        yield int(window.start), {element[0]: element[1]}, timing


class RecoverEntries(beam.PTransform):
    """Nothing -> (CountKey, event keys): what a stream before this one has landed in the last 24 h of event time.

    It is read at the start, by the hour, so that the workers share it and none holds more of it than an hour. `read`
    takes two instants (seconds since 1970, UTC) and returns (minute, place, source, event id) of the events that
    entered a stage from the first to before the second.
    """

    def __init__(self, read: ReadRecent):
        super().__init__()
        self._read = read

    def expand(self, begin):
        return (
            begin
            | "Once" >> beam.Impulse()
            | "CutIntoHours" >> beam.FlatMap(recent_hours)  # (since, until)
            | "Spread" >> beam.Reshuffle()
            | "ReadRecent" >> beam.ParDo(ReadEntries(self._read))  # (CountKey, event keys)
        )


def recent_hours(_: object) -> list[tuple[int, int]]:
    """Return the last 24 hours as (since, until), seconds since 1970, UTC; the last goes on into what clocks say early.

    Each begins with a whole minute: one that was counted from its middle would replace its right count by a smaller.
    """
    oldest = int(time.time()) - LATENESS_SECONDS
    starts = range(oldest - oldest % MINUTE_SECONDS, oldest + LATENESS_SECONDS, HOUR_SECONDS)
    return [*pairwise(starts), (starts[-1], starts[-1] + AHEAD_SECONDS)]


class ReadEntries(beam.DoFn):
    """Read recent entries where the work is done."""

    def __init__(self, read: ReadRecent):
        self._read = read

    def process(self, hour: tuple[int, int]):
        """Yield the event keys of each minute and place, stamped with that minute."""
        entries: dict[tuple[int, CountKey], bytearray] = {}
        for minute, place, source, event_id in self._read(*hour):
            entries.setdefault((minute, place), bytearray()).extend(event_key(source, event_id))
        for (minute, place), keys in entries.items():
            yield TimestampedValue((place, bytes(keys)), minute)
