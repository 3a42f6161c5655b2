"""Simulate a pharmacy's orders: messages as the sources send them, and the truth behind them.

`simulate(parameters)` makes the same world, byte for byte, from the same parameters. Its past (what is known by
`end`) is a finite history; its future goes on for as long as anybody reads it.
"""

from __future__ import annotations

import datetime
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from functools import cached_property
from itertools import count, islice
from operator import itemgetter

from pbm360.domain.envelope import to_microseconds
from pbm360.simulate import ledger
from pbm360.simulate.clock import LIVE_RATE, Clock
from pbm360.simulate.collector import paused_collector
from pbm360.simulate.defects import DefectRates
from pbm360.simulate.entities import Entities, entities_of
from pbm360.simulate.kept_days import KeptDays
from pbm360.simulate.knowable import knowable_rows
from pbm360.simulate.messages import SOURCES, Message, encode_delivery, message
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.places import Place
from pbm360.simulate.population import Population
from pbm360.simulate.scenarios import Scenario, parse_scenario
from pbm360.simulate.world import Order

Waiting = tuple[int, str, bytes]  # when it is sent, source, payload
OBSERVED_AT = itemgetter(0)  # sorted by it alone: of one instant they keep the order of births and of sending

TAG_DIGITS = 6
KEPT_ORDERS = 10_000  # of the first days; later ones are made anew for each reader, so that memory stays bounded


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
        self._kept = KeptDays(self._make_population, KEPT_ORDERS)

    def messages(self) -> Iterator[Message]:
        """Return the history: every message known by `end`, in the order of `observed_at`, which each carries."""
        return self._messages(Clock(self.end), 0, self.end)

    def live_messages(self, rate: float = LIVE_RATE) -> Iterator[Message]:
        """Return without end what comes after `end`, in the order of `observed_at`: the wall's instant to send it.

        Times after `end` are those of a clock that runs `rate` times as fast; the messages carry no `observed_at`
        attribute, since they are known when they are received.
        """
        return self._messages(Clock(self.end, rate), self.end, math.inf)

    def orders_born(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[Order]:
        """Return the orders that were born by an instant of the wall's (default: `end`), earliest first."""
        return list(self._each_born(known_until, rate))

    def truth_orders(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.orders` by what was known at an instant of the wall's (default: `end`).

        `rate` is that of the live messages. One row per order of which anything was known, withheld scans included.
        """
        clock, until = Clock(self.end, rate), self._wall(known_until)
        rows = (
            ledger.truth_row(order, self.simulation_id, until, clock) for order in self._each_born(known_until, rate)
        )
        return [row for row in rows if row is not None]

    def knowable_orders(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.knowable_orders` by what was known at an instant (default: `end`)."""
        clock, until = Clock(self.end, rate), self._wall(known_until)
        rows = []
        for order in self._each_born(known_until, rate):
            truth = ledger.truth_row(order, self.simulation_id, until, clock)
            rows += knowable_rows(order, truth, self.simulation_id, until, clock)
        return rows

    def truth_defects(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> list[dict]:
        """Return the rows of `pbm_truth.defects` that came to the topic by an instant (default: `end`)."""
        clock, until = Clock(self.end, rate), self._wall(known_until)
        return [
            row
            for order in self._each_born(known_until, rate)
            for row in ledger.defect_rows(order, self.simulation_id, until, clock)
        ]

    def truth_scenarios(self) -> list[dict]:
        """Return the rows of `pbm_truth.scenarios`: what goes wrong where and when, by plan."""
        return ledger.scenario_rows(self.parameters.scheduled(), self.simulation_id)

    @property
    def places(self) -> dict[str, Place]:
        """Map each pharmacy to its calendar and its stations."""
        return self._kept.population.places

    def entities(self, known_until: datetime.datetime | None = None, rate: float = LIVE_RATE) -> Entities:
        """Return what order management knows at an instant of the wall's (default: `end`)."""
        clock = Clock(self.end, rate)
        orders = self.orders_born(known_until, rate)
        patients = {order.patient_id: order.patient for order in orders}
        return entities_of(orders, list(patients.values()), clock)

    def _wall(self, known_until: datetime.datetime | None) -> int:
        return self.end if known_until is None else to_microseconds(known_until)

    def _simulated(self, known_until: datetime.datetime | None, rate: float) -> int:
        return Clock(self.end, rate).simulated(self._wall(known_until))

    def _each_born(self, known_until: datetime.datetime | None, rate: float) -> Iterator[Order]:
        until = self._simulated(known_until, rate)
        last = max(0, until - self._start) // DAY
        return (order for day in islice(self._kept.days(), last + 1) for order in day if order.created_at <= until)

    def _make_population(self) -> Population:
        parameters = self.parameters
        return Population(
            parameters.tag,
            parameters.seed,
            self._start,
            parameters.days,
            parameters.orders,
            parameters.defects,
            parameters.scheduled(),
        )

    def _messages(self, clock: Clock, after: int, until: float) -> Iterator[Message]:
        """Yield the messages of a time by observed_at: a day's are complete when its orders are born.

        Only encoded payloads that are still to come are held; no order is.
        """
        waiting: dict[int, list[Waiting]] = defaultdict(list)
        days = self._kept.days()
        for day in count():
            with paused_collector():
                self._encode(next(days), clock, after, until, waiting)
            for observed_at, source, payload in sorted(waiting.pop(day, ()), key=OBSERVED_AT):
                yield message(payload, source, self.simulation_id, observed_at, clock)
            if self._start + (day + 1) * DAY > until:
                return

    def _encode(
        self, orders: list[Order], clock: Clock, after: int, until: float, waiting: dict[int, list[Waiting]]
    ) -> None:
        """Put the messages of a time among those that wait, by the day on which each is sent."""
        start = self._start
        for order in orders:
            for delivery in order.deliveries:
                observed_at = delivery.observed_at
                if after < observed_at <= until:
                    source, payload = SOURCES[delivery.step.event_type], encode_delivery(order, delivery, clock)
                    waiting[(observed_at - start) // DAY].append((observed_at, source, payload))
