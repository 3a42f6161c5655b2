"""Draw when and where referrals arrive: a weekly and a daily rhythm in each pharmacy's own time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from pbm360.domain.envelope import MICROSECOND, to_instant
from pbm360.simulate.opening_hours import DAY, HOUR
from pbm360.simulate.stations import Outage
from pbm360.simulate.world import PHARMACIES

# [A] prescribers write by day and on working days; electronic prescriptions come at any hour.
WEEKDAY_WEIGHTS = np.array([1.25, 1.10, 1.05, 1.00, 0.95, 0.25, 0.12])  # Monday first
HOUR_WEIGHTS = np.array(
    [0.10, 0.06, 0.05, 0.05, 0.06, 0.12, 0.30, 0.70, 1.40, 1.90, 2.10, 2.00]
    + [1.50, 1.70, 1.95, 1.95, 1.70, 1.20, 0.70, 0.50, 0.40, 0.32, 0.24, 0.15]
)  # local midnight first
HOURS_A_DAY = DAY // HOUR
FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


def day_weights(start: int) -> np.ndarray:
    """Return the weights of the 24 hours from `start` on, an array (hours, pharmacies)."""
    weights = np.empty((HOURS_A_DAY, len(PHARMACIES)))
    middles = start + HOUR // 2 + np.arange(HOURS_A_DAY) * HOUR
    for column, pharmacy in enumerate(PHARMACIES):
        local = middles + utc_offsets(middles, ZoneInfo(pharmacy.time_zone))
        weekdays, hours = (local // DAY + FIRST_WEEKDAY) % 7, local % DAY // HOUR
        weights[:, column] = pharmacy.share * WEEKDAY_WEIGHTS[weekdays] * HOUR_WEIGHTS[hours]
    return weights


def utc_offsets(instants: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return how far a zone's clocks are ahead of UTC at the instants of a day, microseconds."""
    first, last = (offset(int(instant), zone) for instant in instants[[0, -1]])
    if first == last:
        return np.full(instants.size, first)
    return np.array([offset(int(instant), zone) for instant in instants])


def offset(instant: int, zone: ZoneInfo) -> int:
    """Return how far a zone's clocks are ahead of UTC at an instant, microseconds."""
    return to_instant(instant).astimezone(zone).utcoffset() // MICROSECOND


def split_over_days(orders: int, start: int, days: int, random: np.random.Generator) -> list[int]:
    """Split a number of referrals over days of 24 hours from `start` on, by the rhythm; the parts add up to it."""
    totals = np.array([day_weights(start + day * DAY).sum() for day in range(days)])
    return random.multinomial(orders, totals / totals.sum()).tolist()


def surge_weights(start: int, surge: Outage) -> np.ndarray:
    """Return what a surge adds to the weights of the 24 hours from `start` on; none outside its time."""
    hours = start + np.arange(HOURS_A_DAY) * HOUR
    is_surging = (surge.begins <= hours) & (hours < surge.ends)
    return day_weights(start) * is_surging[:, None] * (surge.factor - 1)


def draw_arrivals(
    count: int, start: int, random: np.random.Generator, weights: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """Draw the arrivals of one day of 24 hours: (instant, index of the pharmacy), earliest first.

    `weights` is an array (hours, pharmacies); without it the day's usual ones count.
    """
    weights = (day_weights(start) if weights is None else weights).ravel()
    cells = random.choice(weights.size, size=count, p=weights / weights.sum())
    offsets = random.integers(0, HOUR // 1000, size=count) * 1000  # whole milliseconds
    instants = start + cells // len(PHARMACIES) * HOUR + offsets
    pharmacies = cells % len(PHARMACIES)
    order = np.lexsort((pharmacies, instants))
    return list(zip(instants[order].tolist(), pharmacies[order].tolist(), strict=True))
