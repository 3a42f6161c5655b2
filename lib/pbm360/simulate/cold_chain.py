"""Log the temperature of cold parcels under way, with the excursions that happen."""

from __future__ import annotations

from pbm360.domain.envelope import to_instant
from pbm360.simulate import rates
from pbm360.simulate.delivery import Parcel
from pbm360.simulate.opening_hours import HOUR
from pbm360.simulate.walk import MILLISECOND, Walk

READING_EVERY = 4 * HOUR  # [A]
MOST_READINGS = 24  # [A] then the logger's battery is empty
# [A] mean, spread, least and most of a good reading, and what an excursion adds; degrees Celsius.
CELSIUS = {"cold": (5.0, 0.8, 2.2, 7.8, 6.0), "frozen": (-20.0, 1.0, -24.0, -16.0, 9.0)}
LEAST_MINUTES, MOST_MINUTES = 30, 260  # [A] outside the range


def monitor(walk: Walk, parcel: Parcel) -> None:
    """Record the readings between the dock and the parcel's end, where it has a logger."""
    pack_type = walk.order.drug.pack_type
    if pack_type == "ambient" or not walk.happens(rates.MONITORED):
        return
    month = to_instant(parcel.shipped_at).astimezone(walk.hours.zone).month
    is_summer = month in rates.SUMMER_MONTHS
    parcel.had_excursion = walk.happens(rates.COLD_EXCURSION_SUMMER if is_summer else rates.COLD_EXCURSION)
    instants = range(parcel.shipped_at + READING_EVERY // 2, walk.at, READING_EVERY)[:MOST_READINGS]
    warm = instants[int(len(instants) * walk.random.random())] if parcel.had_excursion and instants else None
    for instant in instants:
        jitter = int(walk.random.random() * HOUR / 4) // MILLISECOND * MILLISECOND
        record_reading(walk, pack_type, min(instant + jitter, walk.at), is_warm=instant == warm)
    parcel.had_excursion = warm is not None


def record_reading(walk: Walk, pack_type: str, instant: int, *, is_warm: bool) -> None:
    """Record one reading, and the excursion that it shows where it is too warm."""
    mean, spread, least, most, excess = CELSIUS[pack_type]
    celsius = min(max(walk.random.gauss(mean, spread), least), most) + (excess if is_warm else 0)
    reading = {"degrees_celsius": round(celsius, 1)}
    walk.record_at(instant, "temperature_reading", **reading)
    if is_warm:
        minutes = LEAST_MINUTES + int((MOST_MINUTES - LEAST_MINUTES) * walk.random.random())
        walk.record_at(instant, "temperature_excursion", minutes_outside=minutes, **reading)
