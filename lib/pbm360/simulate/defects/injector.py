"""Turn an order's steps into deliveries, each as its source sends it, by rates and a random stream of its own."""

from __future__ import annotations

from bisect import bisect_right
from math import inf, log
from random import Random

from pbm360.simulate.defects import event_defects
from pbm360.simulate.defects.after_delivery import befall_delivery
from pbm360.simulate.defects.clocks import Clocks, repeated_hours
from pbm360.simulate.defects.event_defects import SCAN_SOURCES
from pbm360.simulate.defects.rates import DefectRates
from pbm360.simulate.defects.replays import BATCH, Replays
from pbm360.simulate.defects.reused_ids import ReusedIds
from pbm360.simulate.defects.schema_drift import DRIFTING_SOURCES, drift
from pbm360.simulate.defects.sending import Delivery, Injection, Target
from pbm360.simulate.durations import REPORT_SECONDS, REPORT_SECONDS_AT_MOST, SECOND
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.world import Order, Step, source_of

Marks = list[tuple[str, str]]  # what a clock or a schema did to a step: the defect and its detail
NO_MARKS: Marks = []


class DefectInjector:
    """Damages the orders of one simulation, in the order of their birth."""

    def __init__(self, rates: DefectRates, seed: int, start: int, days: int):
        """`start` and `days` are those of the history: the schema drifts on a midnight of it."""
        self._rates = rates
        self._random = Random(f"{seed} defects")
        self._late_over_day = rates.late_over_day / rates.late if rates.late else 0.0
        self._defects, self._limits = list(rates.thresholds()), []
        self._total = 0.0
        for rate in rates.thresholds().values():
            self._total += rate
            self._limits.append(self._total)
        self._clocks = Clocks(seed, rates.clock_skew, rates.dst_hour)
        self._replays = Replays(seed, rates.replayed_batch)
        batches = self._replays.batches
        of_source = {
            source: (source, 1 / mean, source in SCAN_SOURCES, source in DRIFTING_SOURCES, batches[source])
            for source, mean in REPORT_SECONDS.items()
        }
        self._reports = {name: of_source[source] for name, source in source_of().items()}
        self._reused_ids = ReusedIds(rates.reused_id, Random(f"{seed} reused ids"))
        self._corrections = Random(f"{seed} after delivery")
        self.drift_from = drift_date(rates.schema_drift, start, days)
        self._first_drifted = inf if self.drift_from is None else self.drift_from

    def inject(self, order: Order) -> None:
        """Fill the order's `deliveries` and `defects`, and each step's `known_at` and `sent`."""
        order.reported_as = self._reused_ids.draw(order)
        self._send_steps(order)
        if order.reported_as:
            told = f"sent as order {order.reported_as}"
            order.defects.append(Injection("reused_id", order.steps[0].known_at, order.steps[0], told))
        befall_delivery(order, self._rates.after_delivery, self._corrections)
        self._reused_ids.remember(order)

    def forget(self, instant: int) -> None:
        """Drop what no order that is born after an instant can meet."""
        self._replays.forget(instant)

    def _send_steps(self, order: Order) -> None:
        """Send each step, backwards: whether it is known out of order depends on when its successor is known.

        Nearly all are plain, and are sent without a further call: a history has millions of them.
        """
        draw, deliver = self._random.random, order.deliveries.append
        reports, total, first_drifted = self._reports, self._total, self._first_drifted
        skews, repeats = self._clocks.skews, repeated_hours(order.pharmacy.time_zone)
        successor_known_at: int | None = None
        for step in reversed(order.steps):
            event_at, marks = step.event_at, NO_MARKS
            source, reports_a_second, is_scan, may_drift, is_replayed = reports[step.event_type]
            delay_seconds = -log(1.0 - draw()) / reports_a_second
            if delay_seconds > REPORT_SECONDS_AT_MOST:
                delay_seconds = REPORT_SECONDS_AT_MOST
            known_at = step.known_at = event_at + int(delay_seconds * SECOND)
            is_off = is_scan and (skews[step.data.get("scanner_id")] != 0 or repeats[event_at // DAY] is not None)
            is_drifted = may_drift and event_at >= first_drifted
            if is_off or is_drifted:
                marks = self._mark(order, step, source, is_off, is_drifted)
            point = draw()
            if point < total or is_replayed[known_at // BATCH]:
                self._befall(Target(order, step, source, successor_known_at, self._random), point)
            else:
                deliver(Delivery(known_at, step))
            if not step.is_withheld:
                successor_known_at = step.known_at
                for defect, detail in marks:
                    order.defects.append(Injection(defect, successor_known_at, step, detail))

    def _mark(self, order: Order, step: Step, source: str, is_off: bool, is_drifted: bool) -> Marks:
        """Let the source's clock and its schema stamp a step."""
        marks = []
        if is_off and (stamped := self._clocks.stamp(Target(order, step, source, None, self._random))):
            marks.append(stamped)
        if is_drifted and (drifted := drift(step, source)):
            marks.append(drifted)
        return marks

    def _befall(self, target: Target, point: float) -> None:
        """Send a step with the defect of the point that was drawn, or again with its batch."""
        defect = self._defects[bisect_right(self._limits, point)] if point < self._total else None
        if defect is None or not event_defects.befalls(defect, target):
            target.send()
            self._replays.replay(target)
        elif defect == "late":
            event_defects.late(target, self._random.random() < self._late_over_day)
        else:
            getattr(event_defects, defect)(target)


def drift_date(share: float, start: int, days: int) -> int | None:
    """Return the midnight (UTC) from which on the schema differs: the last `share` of the history; None: never."""
    if not share:
        return None
    instant = start + int(days * DAY * (1 - share))
    return instant - instant % DAY
