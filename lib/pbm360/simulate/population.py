"""Give birth to orders, day by day: new patients, patients who come back, refills and reships of earlier orders."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Sequence
from functools import lru_cache
from random import Random

import numpy as np

from pbm360.domain.envelope import to_instant
from pbm360.simulate import rates
from pbm360.simulate.arrivals import day_weights, draw_arrivals, split_over_days, surge_weights
from pbm360.simulate.choices import choose
from pbm360.simulate.collector import paused_collector
from pbm360.simulate.defects import DefectInjector, DefectRates
from pbm360.simulate.journey import live
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.patients import Patient, invent_patient
from pbm360.simulate.places import furnish
from pbm360.simulate.refills import Parent, Refills, order_id, patient_id
from pbm360.simulate.scenarios import CALENDAR_ZONE, Scenario
from pbm360.simulate.world import PHARMACIES, Drug, Order, Pharmacy, drugs

PATIENTS_REMEMBERED = 5_000  # who may come with a second therapy; earlier ones come no more
FORGET_EVERY_DAYS = 7
SEED_BITS = 40  # of an order's number in the seed of its journey


class Population:
    """Everybody and every order of one simulation, made in the order of birth. The same seed makes the same."""

    def __init__(
        self,
        tag: str,
        seed: int,
        start: int,
        days: int,
        orders: int,
        defect_rates: DefectRates,
        scenarios: Sequence[Scenario] = (),
    ):
        """`tag` opens every id; `orders` referrals arrive in the `days` from `start` on, later days go on alike."""
        self._tag, self._seed, self._start = tag, seed, start
        self._counts = split_over_days(orders, start, days, np.random.default_rng([seed, 0]))
        self._orders_a_weight = orders / sum(day_weights(start + day * DAY).sum() for day in range(days))
        self._births = Random(f"{seed} births")
        self._journey = Random()
        self._injector = DefectInjector(defect_rates, seed, start, days)
        self._surges = [item.outage(CALENDAR_ZONE) for item in scenarios if item.kind.effect == "arrivals"]
        self.places = furnish(start, self._orders_a_weight, scenarios)
        self._drug_shares = shares_of_drugs()
        self._refills = Refills(tag)
        self._reships: list[tuple[int, int, Parent]] = []  # by when each is due, and by its parent's number
        self._lately: list[Patient] = []  # the latest patients, in the order of birth but for where it begins
        self._patient_count = self._order_count = 0
        self._made: list[Order] = []  # of the day that is being made
        self.days = 0  # days made so far

    def make_day(self) -> list[Order]:
        """Make the orders that are born on the next day of 24 hours, and live their lives."""
        with paused_collector():
            self._make_day()
            made, self._made = self._made, []
            return made

    def _make_day(self) -> None:
        start = self._start + self.days * DAY
        random = np.random.default_rng([self._seed, 1, self.days])
        usual = draw_arrivals(self._count(start, random), start, random)
        surge = self._draw_surge(start, random)
        for instant, pharmacy, is_new in sorted([(*item, False) for item in usual] + [(*item, True) for item in surge]):
            self._make_due_reships(instant)
            self._make_arrival(instant, PHARMACIES[pharmacy], is_new=is_new)
        self._make_due_reships(start + DAY - 1)
        self._forget(start)
        self.days += 1

    def _forget(self, instant: int) -> None:
        """Drop what no later order can meet: once a week where it takes memory alone, since looking takes time."""
        self._refills.forget(instant - rates.REFILL_PATIENCE_DAYS * DAY)
        if self.days % FORGET_EVERY_DAYS == 0:
            for place in self.places.values():
                place.forget(instant)
            self._injector.forget(instant)

    def _count(self, start: int, random: np.random.Generator) -> int:
        if self.days < len(self._counts):
            return self._counts[self.days]
        return int(random.poisson(day_weights(start).sum() * self._orders_a_weight))

    def _draw_surge(self, start: int, random: np.random.Generator) -> list[tuple[int, int]]:
        """Draw the new patients who come on top of the usual arrivals on a day."""
        found = []
        for surge in self._surges:
            weights = surge_weights(start, surge)
            if count := round(weights.sum() * self._orders_a_weight):
                found += draw_arrivals(count, start, random, weights)
        return found

    def _make_arrival(self, instant: int, pharmacy: Pharmacy, *, is_new: bool) -> None:
        random = self._births
        if is_new or random.random() >= rates.REFILL_SHARE:
            self._live(self._make_first_fill(instant, pharmacy))
        elif self._refills.is_due(instant):
            self._live(self._make_successor(instant, self._refills.pop(), is_reship=False))
        else:
            self._live(self._make_earlier_patients_refill(instant, pharmacy))

    def _make_due_reships(self, until: int) -> None:
        while self._reships and self._reships[0][0] <= until:
            due_at, _, parent = heapq.heappop(self._reships)
            self._live(self._make_successor(due_at - due_at % 1000, parent, is_reship=True))

    def _live(self, order: Order) -> None:
        self._made.append(order)
        self._order_count += 1
        # Of the order's own: what happens to others, in a scenario for one, doesn't change what is drawn for this one.
        self._journey.seed((self._seed << SEED_BITS) + order.number)
        successor = live(order, self.places[order.pharmacy.pharmacy_id], self._journey)
        if successor and successor.is_reship:
            parent = Parent(order.order_id, order.patient, order.drug, order.fill_number, order.priority)
            heapq.heappush(self._reships, (successor.due_at, order.number, parent))
        elif successor:
            self._refills.add(successor.due_at, order)
        self._injector.inject(order)

    def _make_first_fill(self, instant: int, pharmacy: Pharmacy) -> Order:
        is_known = self._lately and self._births.random() < rates.KNOWN_PATIENT
        if is_known:
            patient = self._lately[int(self._births.random() * len(self._lately))]
            return self._make_order(instant, patient, patient.pharmacy, self._choose_drug(), 1)
        return self._make_new_patients_order(instant, pharmacy, 1)

    def _make_earlier_patients_refill(self, instant: int, pharmacy: Pharmacy) -> Order:
        fill_number = 2 + int(self._births.random() * (rates.LARGEST_FIRST_FILL_NUMBER - 1))
        order = self._make_new_patients_order(instant, pharmacy, fill_number)
        order.previous_order_id = f"{self._tag}E{order.number:06d}"  # E: earlier than the simulation
        return order

    def _make_new_patients_order(self, instant: int, pharmacy: Pharmacy, fill_number: int) -> Order:
        self._patient_count += 1
        drug, number = self._choose_drug(), self._patient_count
        today = date_of_day(instant // DAY)
        patient = invent_patient(patient_id(self._tag, number), number, pharmacy, drug, today, self._births)
        self._remember(patient)
        return self._make_order(instant, patient, pharmacy, drug, fill_number)

    def _remember(self, patient: Patient) -> None:
        if len(self._lately) < PATIENTS_REMEMBERED:
            self._lately.append(patient)
        else:
            self._lately[self._patient_count % PATIENTS_REMEMBERED] = patient

    def _make_order(self, instant: int, patient: Patient, pharmacy: Pharmacy, drug: Drug, fill_number: int) -> Order:
        number = self._order_count
        return Order(
            number=number,
            order_id=order_id(self._tag, number),
            patient_id=patient.patient_id,
            patient=patient,
            pharmacy=pharmacy,
            drug=drug,
            plan_type=patient.plan_type,
            zip3=patient.zip_code[:3],
            created_at=instant,
            fill_number=fill_number,
            priority="urgent" if self._births.random() < rates.URGENT else "routine",
            channel=choose(rates.CHANNELS, self._births),
        )

    def _make_successor(self, instant: int, parent: Parent, *, is_reship: bool) -> Order:
        number, patient = self._order_count, parent.patient
        return Order(
            number=number,
            order_id=order_id(self._tag, number),
            patient_id=patient.patient_id,
            patient=patient,
            pharmacy=patient.pharmacy,
            drug=parent.drug,
            plan_type=patient.plan_type,
            zip3=patient.zip_code[:3],
            created_at=instant,
            fill_number=parent.fill_number + (not is_reship),
            priority="urgent" if is_reship else parent.priority,
            channel="phone" if is_reship else "portal",
            previous_order_id=parent.order_id,
            is_reship=is_reship,
        )

    def _choose_drug(self) -> Drug:
        return choose(self._drug_shares, self._births)


@lru_cache(maxsize=16)
def date_of_day(day: int) -> datetime.date:
    """Return the date, UTC, of a number of days since 1970."""
    return to_instant(day * DAY).date()


def shares_of_drugs() -> tuple[tuple[Drug, float], ...]:
    """Return each drug with its share of the orders, adding up to 1."""
    total = sum(drug.share for drug in drugs())
    return tuple((drug, drug.share / total) for drug in drugs())
