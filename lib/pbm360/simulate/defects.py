"""Damage the messages as real sources do, and write down what was done to which event.

An event suffers one defect at most. Each rate is the share of the events that the defect can befall: `missing_scan`
befalls scans (events of wms and carrier), `out_of_order` events whose successor is known within twelve hours, the
others any event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from functools import cache
from random import Random

from pbm360.domain.rules import codes, typed_fields
from pbm360.simulate.durations import REPORT_SECONDS, REPORT_SECONDS_AT_MOST, SECOND
from pbm360.simulate.opening_hours import DAY, HOUR
from pbm360.simulate.world import Order, Step, source_of

SCAN_SOURCES = frozenset(["wms", "carrier"])
OUT_OF_ORDER_WITHIN = 12 * HOUR
MINUTE = 60 * SECOND
LATEST = 3 * DAY
QUICK_DUPLICATE = 0.7  # [A] duplicates that follow within a minute; the rest within twelve hours
CUT_LEAST, CUT_MOST = 0.3, 0.9  # share of the payload that a truncated copy keeps


@dataclass(frozen=True)
class DefectRates:
    """How often each defect is injected, as a share of the events that it can befall."""

    duplicate: float = 0.01  # [A]
    malformed: float = 0.001  # [A]
    wrong_case: float = 0.02  # [A]
    late: float = 0.03  # [A] over an hour
    late_over_day: float = 0.003  # [A] of which over a day, as a share of all events too
    missing_scan: float = 0.02  # [A]
    out_of_order: float = 0.02  # [A]; 1.2 % in a real log [S: Olist]

    def __post_init__(self):
        for item in fields(self):
            value = getattr(self, item.name)
            if not 0 <= value <= 1:
                raise ValueError(f"the rate {item.name} must lie between 0 and 1; got {value}")
        if self.late_over_day > self.late:
            raise ValueError(f"late_over_day ({self.late_over_day}) is a part of late ({self.late}): lower it")
        if sum(self.thresholds().values()) > 1:
            raise ValueError(f"the rates must not exceed 1 together; got {self.thresholds()}")

    def thresholds(self) -> dict[str, float]:
        """Map each defect to its rate."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "late_over_day"}


NO_DEFECTS = DefectRates(*[0.0] * len(astuple(DefectRates())))


@dataclass(slots=True)
class Delivery:
    """One message to send: the step that it tells of, and the share of its payload where it is truncated."""

    observed_at: int
    step: Step
    kept_share: float | None = None


@dataclass(slots=True)
class Injection:
    """One row of the ledger: what was done to a step, and when it came to the topic (or would have)."""

    defect: str
    observed_at: int
    step: Step
    detail: str


class DefectInjector:
    """Turns an order's steps into deliveries, by rates and a random stream of its own."""

    def __init__(self, rates: DefectRates, random: Random):
        self._random = random
        self._late_over_day = rates.late_over_day / rates.late if rates.late else 0.0
        self._limits: list[tuple[float, str]] = []
        total = 0.0
        for defect, rate in rates.thresholds().items():
            total += rate
            self._limits.append((total, defect))
        self._total = total

    def inject(self, order: Order) -> None:
        """Fill the order's `deliveries` and `defects`, and each step's `known_at`.

        Backwards: whether an event is known out of order depends on when its successor is known.
        """
        successor_known_at: int | None = None
        for step in reversed(order.steps):
            source = source_of()[step.event_type]
            delay_seconds = min(self._random.expovariate(1 / REPORT_SECONDS[source]), REPORT_SECONDS_AT_MOST)
            step.known_at = step.event_at + int(delay_seconds * SECOND)
            defect = self._choose()
            if defect is None or not self._befalls(defect, step, source, successor_known_at):
                order.deliveries.append(Delivery(step.known_at, step))
            else:
                getattr(self, f"_{defect}")(order, step, successor_known_at)
            if not step.is_withheld:
                successor_known_at = step.known_at

    def _choose(self) -> str | None:
        point = self._random.random()
        if point >= self._total:
            return None
        return next(defect for limit, defect in self._limits if point < limit)

    def _befalls(self, defect: str, step: Step, source: str, successor_known_at: int | None) -> bool:
        if defect == "missing_scan":
            return source in SCAN_SOURCES
        if defect == "out_of_order":
            return is_exposed_to_disorder(step.known_at, successor_known_at)
        return True

    def _note(self, order: Order, defect: str, observed_at: int, step: Step, detail: str) -> None:
        order.defects.append(Injection(defect, observed_at, step, detail))

    def _duplicate(self, order: Order, step: Step, _) -> None:
        span = MINUTE if self._random.random() < QUICK_DUPLICATE else 12 * HOUR
        again_at = step.known_at + SECOND + int(span * self._random.random())
        order.deliveries += [Delivery(step.known_at, step), Delivery(again_at, step)]
        self._note(order, "duplicate", again_at, step, f"sent again after {seconds(again_at - step.known_at)}")

    def _malformed(self, order: Order, step: Step, _) -> None:
        truncated_at = step.known_at
        kept_share = CUT_LEAST + (CUT_MOST - CUT_LEAST) * self._random.random()
        step.known_at += 5 * SECOND + int(2 * MINUTE * self._random.random())
        order.deliveries += [Delivery(truncated_at, step, kept_share), Delivery(step.known_at, step)]
        detail = f"first sent truncated, whole after {seconds(step.known_at - truncated_at)}"
        self._note(order, "malformed", truncated_at, step, detail)

    def _wrong_case(self, order: Order, step: Step, _) -> None:
        step.spelling, detail = misspell(step, self._random)
        order.deliveries.append(Delivery(step.known_at, step))
        self._note(order, "wrong_case", step.known_at, step, detail)

    def _late(self, order: Order, step: Step, _) -> None:
        is_over_day = self._random.random() < self._late_over_day
        least, most = (DAY, LATEST) if is_over_day else (HOUR, DAY)
        step.known_at = step.event_at + least + SECOND + int((most - least - 2 * SECOND) * self._random.random())
        order.deliveries.append(Delivery(step.known_at, step))
        self._note(order, "late", step.known_at, step, f"known after {seconds(step.known_at - step.event_at)}")

    def _missing_scan(self, order: Order, step: Step, _) -> None:
        step.is_withheld = True
        self._note(order, "missing_scan", step.known_at, step, "never sent")

    def _out_of_order(self, order: Order, step: Step, successor_known_at: int) -> None:
        step.known_at = successor_known_at + SECOND + int(MINUTE * self._random.random())
        order.deliveries.append(Delivery(step.known_at, step))
        self._note(order, "out_of_order", step.known_at, step, "known after its successor")


def is_exposed_to_disorder(known_at: int, successor_known_at: int | None) -> bool:
    """Tell whether an event can be known out of order: its successor is known soon after it."""
    return successor_known_at is not None and 0 <= successor_known_at - known_at <= OUT_OF_ORDER_WITHIN


def misspell(step: Step, random: Random) -> tuple[tuple[str, dict[str, object]], str]:
    """Spell the type or one code of `data` by an alias or in another case.

    Returns (type, data) as sent, and what was done.
    """
    places = ["type", *(name for name in coded_fields() if name in step.data)]
    place = places[int(random.random() * len(places))]
    value = step.event_type if place == "type" else step.data[place]
    spellings = list(other_spellings(place, value))
    spelling = spellings[int(random.random() * len(spellings))]
    sent = (spelling, step.data) if place == "type" else (step.event_type, step.data | {place: spelling})
    return sent, f"{place}: {spelling}"


@cache
def coded_fields() -> tuple[str, ...]:
    """List the fields of `data` whose values are codes."""
    return tuple(item.field for item in typed_fields() if item.kind == "code")


def other_spellings(field: str, value: str) -> Iterator[str]:
    """Yield spellings of a code that mean it and are not it: other cases, a blank too many, aliases."""
    yield from (value.upper(), value.capitalize(), f" {value} ")
    yield from aliases(field).get(value, ())


@cache
def aliases(field: str) -> dict[str, list[str]]:
    """Map each code of a field to its other accepted spellings."""
    found = defaultdict(list)
    for spelling, value in codes(field).items():
        if spelling != value:
            found[value].append(spelling)
    return dict(found)


def seconds(microseconds: int) -> str:
    """Write a time span, `92 s`."""
    return f"{microseconds / SECOND:.0f} s"
