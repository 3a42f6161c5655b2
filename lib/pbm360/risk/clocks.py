"""Reckon in the hours in which work is done: of a pharmacy's opening, of a carrier's rounds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

HOUR = 3_600_000_000  # microseconds
ROUNDS = ("08:00", "20:00", "1111110")  # [A] carriers deliver by day, not on Sundays
MARGIN_DAYS = 5


@dataclass(frozen=True)
class Clock:
    """Working hours of one place: `hours[i]` have been worked by `instants[i]` (microseconds since 1970, UTC).

    Between two instants either all time counts or none. `zone` is the place's own.
    """

    zone: ZoneInfo
    instants: np.ndarray
    hours: np.ndarray

    def worked(self, instants: np.ndarray) -> np.ndarray:
        """Return the working hours up to each instant."""
        return np.interp(instants, self.instants, self.hours)

    def instant(self, hours: np.ndarray) -> np.ndarray:
        """Return the instant by which so many hours are worked, microseconds."""
        return np.interp(hours, self.hours, self.instants)


@lru_cache(maxsize=256)
def working_clock(
    zone: str, opens_at: str | None, closes_at: str | None, open_days: str | None, holidays: str, first: int, last: int
) -> Clock:
    """Return the clock of a place from `first` to `last` (microseconds), with a margin; always open where unknown.

    `holidays` are ISO dates with blanks between.
    """
    place = ZoneInfo(zone)
    if not (opens_at and closes_at and open_days and "1" in open_days):
        edges = np.array([first - MARGIN_DAYS * 24 * HOUR, last + MARGIN_DAYS * 24 * HOUR], float)
        return Clock(place, edges, (edges - edges[0]) / HOUR)
    day = datetime.datetime.fromtimestamp(first / 1e6, place).date() - datetime.timedelta(days=MARGIN_DAYS)
    end = datetime.datetime.fromtimestamp(last / 1e6, place).date() + datetime.timedelta(days=MARGIN_DAYS)
    times = [datetime.time.fromisoformat(text) for text in (opens_at, closes_at)]
    closed, edges = set(holidays.split()), []
    while day <= end:
        if open_days[day.weekday()] == "1" and day.isoformat() not in closed:
            edges += [datetime.datetime.combine(day, time, place).timestamp() * 1e6 for time in times]
        day += datetime.timedelta(days=1)
    spans = np.diff(np.array(edges)) / HOUR
    spans[1::2] = 0  # from a closing to the next opening
    return Clock(place, np.array(edges), np.concatenate([[0.0], np.cumsum(spans)]))


def clocks_of(pharmacies: pd.DataFrame, first: int, last: int) -> dict[str, tuple[Clock, Clock]]:
    """Map each pharmacy (sql/risk/pharmacies.sql) to its clock and to that of the rounds where it is."""
    return {
        row.pharmacy_id: (
            working_clock(row.time_zone, row.opens_at, row.closes_at, row.open_days, row.holidays, first, last),
            working_clock(row.time_zone, *ROUNDS, row.holidays, first, last),
        )
        for row in pharmacies.itertuples()
    }


def microseconds(instants: pd.Series) -> np.ndarray:
    """Return instants as microseconds since 1970, UTC, in floats; NaN where there is none."""
    times = instants if isinstance(instants.dtype, pd.DatetimeTZDtype) else pd.to_datetime(instants, utc=True)
    found = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(found), np.nan, found.astype(np.int64).astype(float))
