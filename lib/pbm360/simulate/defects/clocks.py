"""Clocks that are off: scanners five minutes ahead or behind, and the hour that the end of summer time repeats."""

from __future__ import annotations

import datetime
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import to_instant
from pbm360.simulate.defects.event_defects import SCAN_SOURCES
from pbm360.simulate.defects.sending import MINUTE, Target
from pbm360.simulate.opening_hours import DAY, HOUR

SKEW = 5 * MINUTE


class Clocks:
    """Which scanners are off, by the seed; each is off for good."""

    def __init__(self, seed: int, skewed_share: float, dst_share: float):
        self._dst_share = dst_share
        self.skews = Skews(seed, skewed_share)

    def stamp(self, target: Target) -> tuple[str, str] | None:
        """Stamp a scan as its clock has it; returns the defect and what it did, None where the clock is right."""
        if target.source not in SCAN_SOURCES:
            return None
        zone = target.order.pharmacy.time_zone
        skew = self.skews[target.step.data.get("scanner_id")]
        if skew:
            target.form().shift = skew
            return "clock_skew", f"stamped {abs(skew) // MINUTE} minutes {'late' if skew > 0 else 'early'}"
        if self._dst_share and is_repeated(target.step.event_at, zone) and target.random.random() < self._dst_share:
            target.form().shift, target.form().zone = -HOUR, zone
            return "dst_hour", "stamped with the offset of summer time, an hour early"
        return None


class Skews(dict[str | None, int]):
    """By how much each scanner's clock is off, microseconds: mostly not at all. Drawn when asked; None: no scanner."""

    def __init__(self, seed: int, skewed_share: float):
        super().__init__({None: 0})
        self._seed, self._skewed_share = seed, skewed_share

    def __missing__(self, scanner_id: str) -> int:
        random = Random(f"{self._seed} clock {scanner_id}")
        self[scanner_id] = skew = random.choice((SKEW, -SKEW)) if random.random() < self._skewed_share else 0
        return skew


class RepeatedHours(dict[int, int | None]):
    """When the hour that repeats ends, by the day of UTC (days since 1970), in one zone; None where none does."""

    def __init__(self, zone: str):
        super().__init__()
        self._zone = ZoneInfo(zone)

    def __missing__(self, day: int) -> int | None:
        self[day] = found = self._look_up(day * DAY)
        return found

    def _look_up(self, begins: int) -> int | None:
        if self._offset(begins) <= self._offset(begins + DAY):
            return None
        hours = range(begins + HOUR, begins + DAY + HOUR, HOUR)
        return next(hour + HOUR for hour in hours if self._offset(hour) < self._offset(hour - HOUR))

    def _offset(self, instant: int) -> datetime.timedelta:
        return to_instant(instant).astimezone(self._zone).utcoffset()


@cache
def repeated_hours(zone: str) -> RepeatedHours:
    """Return the repeated hours of a zone, looked up when asked."""
    return RepeatedHours(zone)


def is_repeated(instant: int, zone: str) -> bool:
    """Tell whether an instant lies in the hour that clocks on the wall show for the second time."""
    repeated_until = repeated_hours(zone)[instant // DAY]
    return repeated_until is not None and repeated_until - HOUR <= instant < repeated_until
