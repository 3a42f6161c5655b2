"""Turn an order's steps into deliveries, each as its source sends it, by rates and a random stream of its own."""

from __future__ import annotations

from random import Random

from pbm360.simulate.defects import event_defects
from pbm360.simulate.defects.after_delivery import befall_delivery
from pbm360.simulate.defects.clocks import Clocks
from pbm360.simulate.defects.rates import DefectRates
from pbm360.simulate.defects.replays import Replays
from pbm360.simulate.defects.reused_ids import ReusedIds
from pbm360.simulate.defects.schema_drift import drift
from pbm360.simulate.defects.sending import Injection, Target
from pbm360.simulate.durations import REPORT_SECONDS, REPORT_SECONDS_AT_MOST, SECOND
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.world import Order, source_of


class DefectInjector:
    """Damages the orders of one simulation, in the order of their birth."""

    def __init__(self, rates: DefectRates, seed: int, start: int, days: int):
        """`start` and `days` are those of the history: the schema drifts on a midnight of it."""
        self._rates = rates
        self._random = Random(f"{seed} defects")
        self._late_over_day = rates.late_over_day / rates.late if rates.late else 0.0
        self._limits: list[tuple[float, str]] = []
        self._total = 0.0
        for defect, rate in rates.thresholds().items():
            self._total += rate
            self._limits.append((self._total, defect))
        self._clocks = Clocks(seed, rates.clock_skew, rates.dst_hour)
        self._replays = Replays(seed, rates.replayed_batch)
        self._reused_ids = ReusedIds(rates.reused_id, Random(f"{seed} reused ids"))
        self._corrections = Random(f"{seed} after delivery")
        self.drift_from = drift_date(rates.schema_drift, start, days)

    def inject(self, order: Order) -> None:
        """Fill the order's `deliveries` and `defects`, and each step's `known_at` and `sent`.

        Backwards: whether an event is known out of order depends on when its successor is known.
        """
        order.reported_as = self._reused_ids.draw(order)
        successor_known_at: int | None = None
        for step in reversed(order.steps):
            source = source_of()[step.event_type]
            delay_seconds = min(self._random.expovariate(1 / REPORT_SECONDS[source]), REPORT_SECONDS_AT_MOST)
            step.known_at = step.event_at + int(delay_seconds * SECOND)
            target = Target(order, step, source, successor_known_at, self._random)
            stamped = [self._clocks.stamp(target), self._drift(target)]
            self._send(target)
            if not step.is_withheld:
                successor_known_at = step.known_at
                for defect, detail in filter(None, stamped):
                    target.note(defect, detail)
        if order.reported_as:
            told = f"sent as order {order.reported_as}"
            order.defects.append(Injection("reused_id", order.steps[0].known_at, order.steps[0], told))
        befall_delivery(order, self._rates.after_delivery, self._corrections)
        self._reused_ids.remember(order)

    def _drift(self, target: Target) -> tuple[str, str] | None:
        has_drifted = self.drift_from is not None and target.step.event_at >= self.drift_from
        return drift(target) if has_drifted else None

    def _send(self, target: Target) -> None:
        defect = self._choose()
        if defect is None or not event_defects.befalls(defect, target):
            target.send()
            self._replays.replay(target)
        elif defect == "late":
            event_defects.late(target, self._random.random() < self._late_over_day)
        else:
            getattr(event_defects, defect)(target)

    def _choose(self) -> str | None:
        point = self._random.random()
        if point >= self._total:
            return None
        return next(defect for limit, defect in self._limits if point < limit)


def drift_date(share: float, start: int, days: int) -> int | None:
    """Return the midnight (UTC) from which on the schema differs: the last `share` of the history; None: never."""
    if not share:
        return None
    instant = start + int(days * DAY * (1 - share))
    return instant - instant % DAY
