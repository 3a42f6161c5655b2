"""Name what can go wrong on a day: scenarios from a data file, each put on dates of the simulated world.

`broken_scanner_line@2026-11-18` begins at that date's midnight where it happens; `@5` is the simulation's fifth day.
"""

from __future__ import annotations

import csv
import datetime
from dataclasses import dataclass
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import to_instant, to_microseconds
from pbm360.simulate.stations import Outage
from pbm360.simulate.world import PHARMACIES, Pharmacy

CALENDAR_ZONE = "America/New_York"  # of payers, of carriers, and of the days that a scenario is put on
EVERYWHERE = "all"
LOCAL_EFFECTS = frozenset(["station", "area", "drug"])
LAST_WORKING_DAY = 4  # Friday; Monday is 0


@dataclass(frozen=True)
class ScenarioKind:
    """A thing that goes wrong: what it acts on, where, for how many days, and the stage that it disturbs."""

    name: str
    effect: str  # station, arrivals, payer, carrier, area or drug
    targets: tuple[str, ...]  # the station, the carriers or the temperature classes
    places: tuple[str, ...]  # pharmacies, or the pharmacies whose patients' areas are hit
    days: int
    factor: float  # what is left of the capacity, or how many times the usual arrivals
    disturbed_stage: str
    title: str


@dataclass(frozen=True)
class Scenario:
    """A kind of scenario on its dates."""

    kind: ScenarioKind
    first_date: datetime.date

    def outage(self, time_zone: str) -> Outage:
        """Return its time and factor where it happens: whole days of that zone."""
        begins, ends = (self._midnight(days, time_zone) for days in (0, self.kind.days))
        return Outage(begins, ends, self.kind.factor)

    def is_at(self, pharmacy_id: str) -> bool:
        """Tell whether it happens at a pharmacy or to its patients."""
        return pharmacy_id in self.kind.places

    def time_zone(self, pharmacy: Pharmacy) -> str:
        """Return the zone whose days it counts: the pharmacy's, or the calendar's of payers, carriers and arrivals."""
        return pharmacy.time_zone if self.kind.effect in LOCAL_EFFECTS else CALENDAR_ZONE

    def _midnight(self, days: int, time_zone: str) -> int:
        date = self.first_date + datetime.timedelta(days=days)
        return to_microseconds(datetime.datetime.combine(date, datetime.time(), ZoneInfo(time_zone)))


@cache
def scenario_kinds() -> dict[str, ScenarioKind]:
    """Map each scenario's name to what it is, from the data file beside this module."""
    file = resources.files("pbm360.simulate") / "data" / "scenarios.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["scenario"]: _kind(row) for row in csv.DictReader(lines)}


def _kind(row: dict[str, str]) -> ScenarioKind:
    everywhere = tuple(pharmacy.pharmacy_id for pharmacy in PHARMACIES)
    return ScenarioKind(
        name=row["scenario"],
        effect=row["effect"],
        targets=tuple(row["target"].split()),
        places=everywhere if row["places"] == EVERYWHERE else tuple(row["places"].split()),
        days=int(row["days"]),
        factor=float(row["factor"]),
        disturbed_stage=row["disturbed_stage"],
        title=row["title"],
    )


def parse_scenario(text: str, start: int, end: int) -> Scenario:
    """Return the scenario of `NAME`, `NAME@2026-11-18` or `NAME@5`; raises `ValueError` with what is possible.

    `start` and `end` are the simulation's. Without a day it ends with the last working day that `end` has seen.
    """
    name, _, day = text.partition("@")
    if name not in scenario_kinds():
        raise ValueError(f"scenario must be one of {', '.join(scenario_kinds())}, with @DAY or without; got {text!r}")
    kind = scenario_kinds()[name]
    if not day:
        return Scenario(kind, _usual_date(kind, end))
    if day.isdecimal() and int(day) > 0:
        return Scenario(kind, _date(start) + datetime.timedelta(days=int(day) - 1))
    try:
        return Scenario(kind, datetime.date.fromisoformat(day))
    except ValueError as error:
        expected = "a date such as 2026-11-18, or the number of a simulated day from 1"
        raise ValueError(f"the day of a scenario must be {expected}; got {text!r}") from error


def _usual_date(kind: ScenarioKind, end: int) -> datetime.date:
    last = _date(end)
    while last.weekday() > LAST_WORKING_DAY:
        last -= datetime.timedelta(days=1)
    return last - datetime.timedelta(days=kind.days - 1)


def _date(instant: int) -> datetime.date:
    return to_instant(instant).astimezone(ZoneInfo(CALENDAR_ZONE)).date()
