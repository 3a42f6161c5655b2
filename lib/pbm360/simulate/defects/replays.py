"""A source that sends a batch again: all that it sent in a quarter of an hour, an hour later."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from pbm360.simulate.defects.sending import MINUTE, Target, seconds
from pbm360.simulate.opening_hours import HOUR

BATCH = 15 * MINUTE
REPLAYED_AFTER = HOUR  # the batch's end
COMPRESSED = 10  # a replay runs so many times as fast


class Replays:
    """Which batches come again, by the seed."""

    def __init__(self, seed: int, rate: float):
        self._seed, self._rate = seed, rate
        self._random = Random()
        self.is_replayed = lru_cache(maxsize=65_536)(self._draw)  # of a source and a number of quarters of an hour

    def _draw(self, source: str, batch: int) -> bool:
        if not self._rate:
            return False
        self._random.seed(f"{self._seed} replay {source} {batch}")
        return self._random.random() < self._rate

    def replay(self, target: Target) -> None:
        """Send a step's message again where its batch is."""
        batch, within = divmod(target.step.known_at, BATCH)
        if not self.is_replayed(target.source, batch):
            return
        again_at = (batch + 1) * BATCH + REPLAYED_AFTER + within // COMPRESSED
        target.send(again_at)
        after = seconds(again_at - target.step.known_at)
        target.note("replayed_batch", f"sent again with its batch after {after}", again_at)
