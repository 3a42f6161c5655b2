"""Count working time in the opening hours of a place's own time zone; nobody works on a public holiday.

Instants are microseconds since 1970-01-01 UTC; working time is microseconds during which the place is open.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import MICROSECOND, to_instant, to_microseconds
from pbm360.domain.rules import holidays

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
CHUNK_DAYS = 60  # how far the list of openings grows at a time


class OpeningHours:
    """The openings of one place, from the day before `first_instant` on, as far as anybody asks."""

    def __init__(self, time_zone: str, opens_at: str, closes_at: str, open_days: str, first_instant: int):
        """`opens_at`, `closes_at` are local `HH:MM`; `open_days` seven digits, Monday first, 1 is open."""
        if len(open_days) != 7 or not set(open_days) <= {"0", "1"} or "1" not in open_days:
            raise ValueError(f"open_days must be seven digits 0 or 1 with a 1 among them; got {open_days!r}")
        self.zone = ZoneInfo(time_zone)
        self._opens_at, self._closes_at = (datetime.time.fromisoformat(text) for text in (opens_at, closes_at))
        if self._opens_at >= self._closes_at:
            raise ValueError(f"a place must open before it closes; got {opens_at} to {closes_at}")
        self._open_days = open_days
        self._next_date = to_instant(first_instant).astimezone(self.zone).date() - datetime.timedelta(days=1)
        self._dates: list[datetime.date] = []
        self.opens: list[int] = []
        self.closes: list[int] = []
        self._worked: list[int] = []  # working time up to the end of each opening
        self._extend()

    def opening_time_a_week(self) -> int:
        """Return how long the place is open in a week without holidays, microseconds."""
        first_day = datetime.date(2000, 1, 1)
        spans = [datetime.datetime.combine(first_day, time) for time in (self._opens_at, self._closes_at)]
        return self._open_days.count("1") * ((spans[1] - spans[0]) // MICROSECOND)

    def opening_index(self, instant: int) -> int:
        """Return the index of the opening that holds the instant, or else of the next one."""
        while instant >= self.closes[-1]:
            self._extend()
        return bisect_right(self.closes, instant)

    def opening(self, index: int) -> tuple[int, int]:
        """Return when the opening of this index begins and ends."""
        while index >= len(self.opens):
            self._extend()
        return self.opens[index], self.closes[index]

    def date(self, instant: int) -> datetime.date:
        """Return the date of the opening that holds the instant, or else of the next one."""
        return self._dates[self.opening_index(instant)]

    def next_open(self, instant: int) -> int:
        """Return the instant itself where the place is open, else the next opening's begin."""
        return max(instant, self.opens[self.opening_index(instant)])

    def after_work(self, instant: int, working_time: int) -> int:
        """Return when work of this length that waits from `instant` on is done; the place is open then."""
        closes = self.closes
        while instant >= closes[-1]:
            self._extend()
        index = bisect_right(closes, instant)  # as `opening_index`, without its call: a history has millions
        opens_at, done_at = self.opens[index], instant + working_time
        if opens_at > instant:
            done_at += opens_at - instant
        if done_at < closes[index]:
            return done_at
        target = (self._worked[index - 1] if index else 0) + done_at - opens_at
        while target >= self._worked[-1]:
            self._extend()
        last = bisect_right(self._worked, target)
        return closes[last] - (self._worked[last] - target)

    def _extend(self) -> None:
        for _ in range(CHUNK_DAYS):
            date, self._next_date = self._next_date, self._next_date + datetime.timedelta(days=1)
            if self._open_days[date.weekday()] == "0" or date in holidays():
                continue
            self._dates.append(date)
            self.opens.append(self._local(date, self._opens_at))
            self.closes.append(self._local(date, self._closes_at))
            worked = self._worked[-1] if self._worked else 0
            self._worked.append(worked + self.closes[-1] - self.opens[-1])

    def _local(self, date: datetime.date, time: datetime.time) -> int:
        return to_microseconds(datetime.datetime.combine(date, time, self.zone))
