"""Simulate a pharmacy's orders: messages as the sources send them, and the truth behind them.

`simulate(parameters)` makes the same world, byte for byte, from the same parameters. Its past (what is known by
`end`) is a finite history; its future goes on for as long as anybody reads it.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from functools import cached_property
from itertools import count

from pbm360.domain.envelope import to_microseconds
from pbm360.simulate import ledger
from pbm360.simulate.clock import LIVE_RATE, Clock
from pbm360.simulate.defects import DefectRates, Delivery
from pbm360.simulate.entities import Entities, entities_of
from pbm360.simulate.knowable import knowable_rows
from pbm360.simulate.messages import Message, encode_delivery
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.places import Place
from pbm360.simulate.population import Population
from pbm360.simulate.scenarios import Scenario, parse_scenario
from pbm360.simulate.world import Order

TAG_DIGITS = 6


@dataclass(frozen=True)
class SimulationParameters:
    """What to simulate: `orders` referrals in the `days` days up to `end`; reships come on top."""

    orders: int
    days: int
    end: datetime.datetime  # aware: the instant that is called now
    seed: int = 360
    defects: DefectRates = field(default_factory=DefectRates)
    scenarios: tuple[str, ...] = ()  # what goes wrong: NAME or NAME@DAY, see scenarios.py

    def __post_init__(self):
        for name in ("orders", "days"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name} must be a whole number of 1 or more; got {getattr(self, name)!r}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed must be a whole number of 0 or more; got {self.seed!r}")
        to_microseconds(self.end)
        self.scheduled()

    @property
    def start(self) -> datetime.datetime:
        """When the first order may arrive."""
        return self.end.astimezone(datetime.UTC) - datetime.timedelta(days=self.days)

    def scheduled(self) -> list[Scenario]:
        """Return the scenarios on their dates."""
        start, end = to_microseconds(self.start), to_microseconds(self.end)
        return [parse_scenario(text, start, end) for text in self.scenarios]

    @cached_property
    def tag(self) -> str:
        """What every id of this simulation opens with: simulations of other parameters share no id with it."""
        world = (self.orders, self.days, to_microseconds(self.end), self.seed)
        text = repr((*world, astuple(self.defects), self.scenarios))
        return f"S{hashlib.sha256(text.encode()).hexdigest()[:TAG_DIGITS].upper()}"

    @property
    def simulation_id(self) -> str:
        """The run's name, from its parameters alone."""
        return (
            f"seed{self.seed}-{self.orders}x{self.days}d-{self.end.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}-{self.tag}"
        )


def simulate(parameters: SimulationParameters) -> Simulation:
    """Return the simulation of these parameters; its orders are made when they are first asked for."""
    return Simulation(parameters)


class Simulation:
    """One simulated world. Not for several threads."""

    def __init__(self, parameters: SimulationParameters):
        self.parameters = parameters
        self.simulation_id = parameters.simulation_id
        self.end = to_microseconds(parameters.end)
        self._start = to_microseconds(parameters.start)
        self._days: list[list[Order]] = []
        self._population = Population(
            parameters.tag,
            parameters.seed,
            self._start,
            parameters.days,
            parameters.orders,
            parameters.defects,
            parameters.scheduled(),
        )

    def messages(self) -> Iterator[Message]:
        """Yield the history: every message known by `end`, in the order of `observed_at`, which each carries."""
        clock = Clock(self.end)
        for order, delivery in self._deliveries():
            if delivery.observed_at > self.end:
                return
            yield encode_delivery(order, delivery, self.simulation_id, clock)

    def live_messages(self, rate: float = LIVE_RATE) -> Iterator[Message]:
        """Yield without end what comes after `end`, in the order of `observed_at`: the wall's instant to send it.

        Times after `end` are those of a clock that runs `rate` times as fast; the messages carry no `observed_at`
        attribute, since they are known when they are received.
        """
        clock = Clock(self.end, rate)
        for order, delivery in self._deliveries():
            if delivery.observed_at > self.end:
                yield encode_delivery(order, delivery, self.simulation_id, clock)

    def orders_born(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[Order]:
        """Return the orders that were born by an instant of the wall's (default: `end`), earliest first."""
        until = self._simulated(known_until, rate)
        self._make_days(max(0, until - self._start) // DAY)
        return [order for day in self._days for order in day if order.created_at <= until]

    def truth_orders(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.orders` by what was known at an instant of the wall's (default: `end`).

        `rate` is that of the live messages. One row per order of which anything was known, withheld scans included.
        """
        clock, until = Clock(self.end, rate), self._wall(known_until)
        rows = (
            ledger.truth_row(order, self.simulation_id, until, clock) for order in self.orders_born(known_until, rate)
        )
        return [row for row in rows if row is not None]

    def knowable_orders(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.knowable_orders` by what was known at an instant (default: `end`)."""
        clock, until = Clock(self.end, rate), self._wall(known_until)
        rows = []
        for order in self.orders_born(known_until, rate):
            truth = ledger.truth_row(order, self.simulation_id, until, clock)
            rows += knowable_rows(order, truth, self.simulation_id, until, clock)
        return rows

    def truth_defects(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.defects` that came to the topic by an instant (default: `end`)."""
        clock, until = Clock(self.end, rate), self._wall(known_until)
        return [
            row
            for order in self.orders_born(known_until, rate)
            for row in ledger.defect_rows(order, self.simulation_id, until, clock)
        ]

    def truth_scenarios(self) -> list[dict]:
        """Return the rows of `pbm_truth.scenarios`: what goes wrong where and when, by plan."""
        return ledger.scenario_rows(self.parameters.scheduled(), self.simulation_id)

    @property
    def places(self) -> dict[str, Place]:
        """Map each pharmacy to its calendar and its stations."""
        return self._population.places

    def entities(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> Entities:
        """Return what order management knows at an instant of the wall's (default: `end`)."""
        clock = Clock(self.end, rate)
        return entities_of(self.orders_born(known_until, rate), self._population.patients, clock)

    def _wall(self, known_until: datetime.datetime | None) -> int:
        return self.end if known_until is None else to_microseconds(known_until)

    def _simulated(self, known_until: datetime.datetime | None, rate: float) -> int:
        return Clock(self.end, rate).simulated(self._wall(known_until))

    def _make_days(self, last: int) -> None:
        while len(self._days) <= last:
            self._days.append(self._population.make_day())

    def _deliveries(self) -> Iterator[tuple[Order, Delivery]]:
        """Yield each delivery with its order, by observed_at: a day's are complete when its orders are born."""
        buckets: dict[int, list] = defaultdict(list)
        for day in count():
            self._make_days(day)
            for order in self._days[day]:
                for number, delivery in enumerate(order.deliveries):
                    bucket = (delivery.observed_at - self._start) // DAY
                    buckets[bucket].append((delivery.observed_at, order.number, number, order, delivery))
            for *_, order, delivery in sorted(buckets.pop(day, ())):
                yield order, delivery
