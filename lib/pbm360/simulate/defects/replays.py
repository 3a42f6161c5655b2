"""A source that sends a batch again: all that it sent in a quarter of an hour, an hour later."""

from __future__ import annotations

from collections import defaultdict
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
        self._drawn: dict[str, dict[int, bool]] = defaultdict(dict)  # by source and number of a quarter of an hour

    def is_replayed(self, source: str, batch: int) -> bool:
        """Tell whether what a source sends in a quarter of an hour (its number since 1970) comes again."""
        drawn = self._drawn[source]
        found = drawn.get(batch)
        if found is None:
            found = drawn[batch] = self._draw(source, batch)
        return found

    def forget(self, instant: int) -> None:
        """Drop what lies before an instant: no step will be known that early any more."""
        first = instant // BATCH
        for source, drawn in self._drawn.items():
            self._drawn[source] = {batch: is_replayed for batch, is_replayed in drawn.items() if batch >= first}

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
