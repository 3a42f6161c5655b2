"""Drop the copies of events that were counted already, within a stated horizon."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from pbm360.domain.decode import COLUMNS
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.shared import MadeByWorker, SharedInProcess

HORIZON_KEYS = 500_000
HORIZON_SECONDS = 180.0  # three times what Pub/Sub waits before it delivers again what a killed stream held
GENERATIONS = 8  # that the horizon is cut into: the oldest goes whole, so memory swings by an eighth
SOURCE, EVENT_ID, STAGE = (COLUMNS.index(name) for name in ("source", "event_id", "stage"))
CountKey = tuple[str, str, str]  # stage, pharmacy, carrier


class StageEntries(NamedTuple):
    """The events of a block that enter a stage and were not seen before: rows of `decode.COLUMNS`."""

    rows: list[list]


class SeenEvents(SharedInProcess):
    """Remember the newest event keys, so that a second copy of an event is not counted. Safe for several threads.

    The horizon is the newest `HORIZON_KEYS` keys, and all of the last `HORIZON_SECONDS`, with about one generation more
    at most. A copy that comes later is counted twice here; the tables, which are sets, never do. `keys` are those known
    before, the newest last.
    """

    def __init__(self, keys: Iterable[tuple[str, str]] = (), recovered: dict[int, Counter[CountKey]] | None = None):
        super().__init__()
        self._lock = threading.Lock()
        self._recovered = recovered or {}
        self._newest: list[int] = []  # a hash of 64 bits takes a tenth of the two texts' memory
        self._generations: deque[tuple[float, list[int]]] = deque()  # each with when it was full
        self._known: set[int] = set()
        for key in keys:
            self._remember(hash(key))

    def take_recovered(self) -> dict[int, Counter[CountKey]]:
        """Return, the first time, the counts that a stream before this one had reached, by minute."""
        with self._lock:
            recovered, self._recovered = self._recovered, {}
        return recovered

    def only_new(self, rows: Iterable[list]) -> list[list]:
        """Remember the rows' event keys; return the rows whose key was unknown."""
        new = []
        with self._lock:
            for row in rows:
                key = hash((row[SOURCE], row[EVENT_ID]))
                if key not in self._known:
                    self._remember(key)
                    new.append(row)
        return new

    def _remember(self, key: int) -> None:
        self._known.add(key)
        self._newest.append(key)
        if len(self._newest) >= HORIZON_KEYS / GENERATIONS:
            now = time.monotonic()
            self._generations.append((now, self._newest))
            self._newest = []
            while len(self._generations) > GENERATIONS and now - self._generations[0][0] > HORIZON_SECONDS:
                self._known.difference_update(self._generations.popleft()[1])


class DropCopies(beam.PTransform):
    """JudgedBlock -> StageEntries: the events that enter a stage, each once within the horizon of `SeenEvents`."""

    def __init__(self, seen: SeenEvents | MadeByWorker):
        super().__init__()
        self._seen = seen

    def expand(self, landed):
        return landed | beam.ParDo(KeepFirstCopies(self._seen))  # StageEntries(rows)


class KeepFirstCopies(beam.DoFn):
    """Ask the memory of event keys, of which there is one a process."""

    def __init__(self, seen: SeenEvents | MadeByWorker):
        self._seen = seen

    def process(self, judged: JudgedBlock):
        """Keep the first copies of one block."""
        yield StageEntries(self._seen.here().only_new(row for row in judged.rows if row[STAGE] is not None))
