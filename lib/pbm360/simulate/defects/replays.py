"""A source that sends a batch again: all that it sent in a quarter of an hour, an hour later."""

from __future__ import annotations

from random import Random

from pbm360.simulate.defects.sending import MINUTE, Target, seconds
from pbm360.simulate.durations import REPORT_SECONDS
from pbm360.simulate.opening_hours import HOUR

BATCH = 15 * MINUTE
REPLAYED_AFTER = HOUR  # the batch's end
COMPRESSED = 10  # a replay runs so many times as fast


class Batches(dict[int, bool]):
    """Whether what a source sends in a quarter of an hour (its number since 1970) comes again: drawn when asked."""

    def __init__(self, seed: str, rate: float):
        super().__init__()
        self._seed, self._rate = seed, rate
        self._random = Random()

    def __missing__(self, batch: int) -> bool:
        self[batch] = found = bool(self._rate) and self._draw(batch)
        return found

    def forget(self, first: int) -> None:
        """Drop the batches before one."""
        for batch in [batch for batch in self if batch < first]:
            del self[batch]

    def _draw(self, batch: int) -> bool:
        self._random.seed(f"{self._seed} {batch}")
        return self._random.random() < self._rate


class Replays:
    """Which batches come again, by the seed."""

    def __init__(self, seed: int, rate: float):
        self.batches = {source: Batches(f"{seed} replay {source}", rate) for source in REPORT_SECONDS}

    def forget(self, instant: int) -> None:
        """Drop what lies before an instant: no step will be known that early any more."""
        for batches in self.batches.values():
            batches.forget(instant // BATCH)

    def replay(self, target: Target) -> None:
        """Send a step's message again where its batch is."""
        batch, within = divmod(target.step.known_at, BATCH)
        if not self.batches[target.source][batch]:
            return
        again_at = (batch + 1) * BATCH + REPLAYED_AFTER + within // COMPRESSED
        target.send(again_at)
        after = seconds(again_at - target.step.known_at)
        target.note("replayed_batch", f"sent again with its batch after {after}", again_at)
