"""Keep the whole count of every minute that may still change, in the one process that sees every event."""

from __future__ import annotations

from collections import Counter

import apache_beam as beam

from pbm360.stream.deduplicating import CountKey
from pbm360.stream.shared import SharedInProcess

MINUTES_KEPT = 2 * 24 * 60  # a day of lateness, and as many minutes again for clocks that run ahead

Pane = tuple[int, dict[CountKey, int], str]  # minute's start in seconds since 1970 (UTC), counts, timing


class MinuteTotals(SharedInProcess):
    """The counts of each minute so far. The runner's own state would keep each block's counts for a day."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes: dict[int, Counter[CountKey]] = {}
        self._keys: dict[CountKey, CountKey] = {}  # one object for each: a day's minutes hold the same few hundred

    def add(self, minute: int, counts: dict[CountKey, int]) -> dict[CountKey, int]:
        """Add what a pane brings to its minute; returns the minute's whole count."""
        total = self._minutes.setdefault(minute, Counter())
        total.update({self._keys.setdefault(key, key): count for key, count in counts.items()})
        if len(self._minutes) > MINUTES_KEPT:
            del self._minutes[min(self._minutes)]
        return dict(total)


class AddToTotals(beam.PTransform):
    """Pane of what is new -> pane of the minute's whole count."""

    def __init__(self, totals: MinuteTotals):
        super().__init__()
        self._totals = totals

    def expand(self, panes):
        return panes | beam.Map(add_to_total, self._totals)  # (minute, totals, timing)


def add_to_total(pane: Pane, totals: MinuteTotals) -> Pane:
    """Return a pane whose counts are the whole of its minute."""
    minute, counts, timing = pane
    return minute, totals.add(minute, counts), timing
