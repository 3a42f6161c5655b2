"""Furnish the places that an order meets: calendars, stations with their staff, and what disturbs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pbm360.simulate import rates
from pbm360.simulate.arrivals import day_weights
from pbm360.simulate.opening_hours import DAY, OpeningHours
from pbm360.simulate.scenarios import CALENDAR_ZONE, Scenario
from pbm360.simulate.stations import Outage, Roster, Station, StationKind, planned_staff, station_kinds
from pbm360.simulate.world import PHARMACIES, Pharmacy

PAYER_HOURS = ("08:00", "18:00", "1111100")  # [A]
DELIVERY_ROUNDS = ("08:00", "20:00", "1111110")  # [A] no Sunday
# [A] The insurers' desk decides prior authorizations and appeals: its minutes a decision, its visits by kind of order.
PAYER_DESK = StationKind("payer_desk", "PA_PENDING", 15, {"first_fill": 0.78, "refill": 0.0, "reship": 0.0})
RESHIPS_A_REFERRAL = 0.008  # about returned, lost and damaged


@dataclass(frozen=True, slots=True)
class Place:
    """What an order of one pharmacy meets."""

    hours: OpeningHours
    payer_hours: OpeningHours
    delivery: OpeningHours  # the delivery rounds where its patients live
    stations: dict[str, Station]
    payer_desk: Station
    strikes: dict[str, Outage] = field(default_factory=dict)  # by carrier
    storms: tuple[Outage, ...] = ()
    recalls: dict[str, Outage] = field(default_factory=dict)  # by temperature class

    def forget(self, instant: int) -> None:
        """Drop what the stations know from before an instant."""
        for station in (*self.stations.values(), self.payer_desk):
            station.forget(instant)


def furnish(start: int, orders_a_weight: float, scenarios: Sequence[Scenario]) -> dict[str, Place]:
    """Return the place of each pharmacy, staffed for the referrals that a usual week from `start` on brings.

    `orders_a_weight` are the referrals for a weight of 1 of the arrivals' rhythm.
    """
    week = sum(day_weights(start + day * DAY).sum(axis=0) for day in range(7)) * orders_a_weight
    payer_hours = OpeningHours(CALENDAR_ZONE, *PAYER_HOURS, start)
    outages = [item.outage(CALENDAR_ZONE) for item in scenarios if item.kind.effect == "payer"]
    desk = staffed(PAYER_DESK, Roster(payer_hours), orders_by_kind(float(week.sum())), outages)
    return {
        pharmacy.pharmacy_id: furnish_one(pharmacy, float(orders), start, payer_hours, desk, scenarios)
        for pharmacy, orders in zip(PHARMACIES, week, strict=True)
    }


def furnish_one(
    pharmacy: Pharmacy,
    orders_a_week: float,
    start: int,
    payer_hours: OpeningHours,
    desk: Station,
    scenarios: Sequence[Scenario],
) -> Place:
    """Return the place of one pharmacy."""
    zone = pharmacy.time_zone
    hours = OpeningHours(zone, pharmacy.opens_at, pharmacy.closes_at, pharmacy.open_days, start)
    roster, orders = Roster(hours), orders_by_kind(orders_a_week)
    here = [item for item in scenarios if item.is_at(pharmacy.pharmacy_id)]
    stations = {}
    for kind in station_kinds():
        outages = [item.outage(zone) for item in here if kind.station in item.kind.targets]
        stations[kind.station] = staffed(kind, roster, orders, outages)
    return Place(
        hours,
        payer_hours,
        OpeningHours(zone, *DELIVERY_ROUNDS, start),
        stations,
        desk,
        strikes=outages_by_target(here, "carrier", CALENDAR_ZONE),
        storms=tuple(item.outage(zone) for item in here if item.kind.effect == "area"),
        recalls=outages_by_target(here, "drug", zone),
    )


def outages_by_target(scenarios: Sequence[Scenario], effect: str, time_zone: str) -> dict[str, Outage]:
    """Return the times of the scenarios of one effect by what they act on."""
    found = [item for item in scenarios if item.kind.effect == effect]
    return {target: item.outage(time_zone) for item in found for target in item.kind.targets}


def staffed(kind: StationKind, roster: Roster, orders: dict[str, float], outages: Sequence[Outage]) -> Station:
    """Return a station with the people that the usual week's orders ask for."""
    return Station(roster, planned_staff(orders, kind, roster.open_slots_a_week), kind.minutes, outages)


def orders_by_kind(orders_a_week: float) -> dict[str, float]:
    """Split a week's referrals by how they enter the process; reships come on top."""
    return {
        "first_fill": orders_a_week * (1 - rates.REFILL_SHARE),
        "refill": orders_a_week * rates.REFILL_SHARE,
        "reship": orders_a_week * RESHIPS_A_REFERRAL,
    }
