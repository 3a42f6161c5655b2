"""Give each pharmacy's stations a capacity by shift, so that queues arise where more comes than can be done.

A station serves the oldest order first (by birth), which is what lets an order's whole life be decided at its birth:
whoever is born later takes what capacity is left, and never changes when an older order is served. Among those who
wait, nobody idles: an order takes the first capacity that is left from its arrival on.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pbm360.simulate.opening_hours import HOUR, OpeningHours

SLOT = HOUR // 2  # capacity is counted in slots; openings begin and end at whole ones
MINUTE = HOUR // 60
MILLISECOND = 1000
PLANNED_UTILISATION = 0.62  # [A] of the staff's time over a usual week; Mondays need nearly all of it
LEAST_STAFF = 1.0  # [A] people at a station, however few the orders


@dataclass(frozen=True)
class Shift:
    """A part of the staff and the part of an opening that it works."""

    name: str
    begins: float  # share of the opening that is over
    ends: float
    staff: float  # share of the station's people


SHIFTS = (Shift("day", 0.0, 0.8, 0.65), Shift("evening", 0.3, 1.0, 0.35))  # [A]
USUAL_PRESENCE = sum((shift.ends - shift.begins) * shift.staff for shift in SHIFTS)


@dataclass(frozen=True)
class StationKind:
    """What a station does: the stage that waits for it, its work on one order, its visits by the kind of order."""

    station: str
    stage: str
    minutes: float
    visits: dict[str, float]  # by kind of order, from the rates of the journey


@cache
def station_kinds() -> tuple[StationKind, ...]:
    """Return the stations of a pharmacy, from the data file beside this module."""
    file = resources.files("pbm360.simulate") / "data" / "stations.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(
            StationKind(
                row["station"],
                row["stage"],
                float(row["minutes"]),
                {kind: float(row[kind]) for kind in ("first_fill", "refill", "reship")},
            )
            for row in csv.DictReader(lines)
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a station works with a part of its capacity; `factor` 0 is none."""

    begins: int
    ends: int
    factor: float = 0.0


class Roster:
    """Who is at work when: the staff present in each slot, as a multiple of the usual, 0 where the place is closed."""

    def __init__(self, hours: OpeningHours):
        self._hours = hours
        self._presence: dict[int, float] = {}
        self.open_slots_a_week = hours.opening_time_a_week() // SLOT

    def presence(self, slot: int) -> float:
        """Return the presence in a slot; over a day's opening it is 1 on average."""
        found = self._presence.get(slot)
        if found is None:
            found = self._presence[slot] = self._look_up(slot)
        return found

    def forget(self, first_slot: int) -> None:
        """Drop the slots before one."""
        self._presence = {slot: presence for slot, presence in self._presence.items() if slot >= first_slot}

    def _look_up(self, slot: int) -> float:
        middle = slot * SLOT + SLOT // 2
        opens, closes = self._hours.opening(self._hours.opening_index(middle))
        if middle < opens:
            return 0.0
        over = (middle - opens) / (closes - opens)
        return sum(shift.staff for shift in SHIFTS if shift.begins <= over < shift.ends) / USUAL_PRESENCE


class Station:
    """One station: how much work each slot still takes. Slots are half hours since 1970-01-01 UTC."""

    def __init__(self, roster: Roster, staff: float, minutes: float, outages: Sequence[Outage] = ()):
        """`staff` people work on average while the place is open; an order takes one of them `minutes`."""
        self.staff = staff
        self._roster = roster
        self._work = int(minutes * MINUTE)
        self._outages = outages
        self._left: dict[int, float] = {}  # working time that is left in a slot
        self._capacity: dict[int, float] = {}  # of a slot that something was taken from
        self._next: dict[int, int] = {}  # of a slot without any: one that may have some

    def finish(self, ready_at: int) -> int:
        """Book the work on one order, and return when it is done: at `ready_at` where nobody waits."""
        slot, needed, all_left = ready_at // SLOT, self._work, self._left
        if slot not in all_left:
            slot = self._free_slot(slot)
        left = all_left[slot]
        while left <= needed:
            needed -= left
            self._next[slot] = slot + 1
            del all_left[slot]
            slot = self._free_slot(slot + 1)
            left = all_left[slot]
        left = all_left[slot] = left - needed
        done_at = int((slot + 1 - left / self._capacity[slot]) * SLOT)
        latest = (slot + 1) * SLOT - MILLISECOND
        if done_at > latest:
            done_at = latest
        return done_at if done_at > ready_at else ready_at

    def forget(self, instant: int) -> None:
        """Drop what lies before an instant: no order will come that early any more."""
        first = instant // SLOT
        self._roster.forget(first)
        self._left = {slot: left for slot, left in self._left.items() if slot >= first}
        self._capacity = {slot: all_of_it for slot, all_of_it in self._capacity.items() if slot >= first}
        self._next = {slot: later for slot, later in self._next.items() if slot >= first}

    def _free_slot(self, slot: int) -> int:
        """Return the first slot from this one on that takes work, and shorten the way there for the next time."""
        passed = []
        while True:
            if slot in self._next:
                passed.append(slot)
                slot = self._next[slot]
            elif slot in self._left:
                break
            elif capacity := self._capacity_of(slot):
                self._left[slot] = self._capacity[slot] = capacity
                break
            else:
                self._next[slot] = slot + 1
        for earlier in passed:
            self._next[earlier] = slot
        return slot

    def _capacity_of(self, slot: int) -> float:
        capacity = self._roster.presence(slot) * self.staff * SLOT
        for outage in self._outages:
            if outage.begins <= slot * SLOT < outage.ends:
                capacity *= outage.factor
        return capacity


def planned_staff(orders_a_week: dict[str, float], kind: StationKind, open_slots_a_week: int) -> float:
    """Return the people that a station needs for so many orders a week, by kind: planned for a usual week's load."""
    work = sum(orders_a_week[name] * visits for name, visits in kind.visits.items()) * kind.minutes * MINUTE
    return max(LEAST_STAFF, work / (PLANNED_UTILISATION * open_slots_a_week * SLOT))
