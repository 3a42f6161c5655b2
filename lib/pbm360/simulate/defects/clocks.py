"""Clocks that are off: scanners five minutes ahead or behind, and the hour that the end of summer time repeats."""

from __future__ import annotations

import datetime
from functools import cache, lru_cache
from random import Random
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import to_instant
from pbm360.simulate.defects.event_defects import SCAN_SOURCES
from pbm360.simulate.defects.sending import MINUTE, Target
from pbm360.simulate.opening_hours import DAY, HOUR
from pbm360.simulate.world import Step

SKEW = 5 * MINUTE


class Clocks:
    """Which scanners are off, by the seed; each is off for good."""

    def __init__(self, seed: int, skewed_share: float, dst_share: float):
        self._dst_share = dst_share
        self.skew_of = cache(lambda scanner_id: draw_skew(Random(f"{seed} clock {scanner_id}"), skewed_share))

    def may_be_off(self, step: Step, zone: str) -> bool:
        """Tell whether a scan's clock is off, or the scan lies in a day that repeats an hour."""
        if repeated_hour_end(step.event_at // DAY, zone) is not None:
            return True
        scanner_id = step.data.get("scanner_id")
        return scanner_id is not None and self.skew_of(scanner_id) != 0

    def stamp(self, target: Target) -> tuple[str, str] | None:
        """Stamp a scan as its clock has it; returns the defect and what it did, None where the clock is right."""
        if target.source not in SCAN_SOURCES:
            return None
        zone = target.order.pharmacy.time_zone
        skew = self.skew_of(target.step.data["scanner_id"]) if "scanner_id" in target.step.data else 0
        if skew:
            target.form().shift = skew
            return "clock_skew", f"stamped {abs(skew) // MINUTE} minutes {'late' if skew > 0 else 'early'}"
        if self._dst_share and is_repeated(target.step.event_at, zone) and target.random.random() < self._dst_share:
            target.form().shift, target.form().zone = -HOUR, zone
            return "dst_hour", "stamped with the offset of summer time, an hour early"
        return None


def draw_skew(random: Random, skewed_share: float) -> int:
    """Draw by how much a scanner's clock is off, microseconds: mostly not at all."""
    return random.choice((SKEW, -SKEW)) if random.random() < skewed_share else 0


def is_repeated(instant: int, zone: str) -> bool:
    """Tell whether an instant lies in the hour that clocks on the wall show for the second time."""
    repeated_until = repeated_hour_end(instant // DAY, zone)
    return repeated_until is not None and repeated_until - HOUR <= instant < repeated_until


@lru_cache(maxsize=16_384)  # ten years of a handful of zones
def repeated_hour_end(day: int, zone: str) -> int | None:
    """Return when the hour that repeats ends, on a day of UTC (days since 1970); None where none does."""
    hours = [day * DAY + hour * HOUR for hour in range(25)]
    offsets = [to_instant(hour).astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    for hour, before, after in zip(hours[1:], offsets, offsets[1:], strict=False):
        if before - after == datetime.timedelta(hours=1):
            return hour + HOUR
    return None
