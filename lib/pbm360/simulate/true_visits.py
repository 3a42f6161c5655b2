"""List the stages that simulated orders truly entered, and when: what no scan is missing from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from pbm360.domain.rules import event_types, stages
from pbm360.simulate.opening_hours import HOUR
from pbm360.simulate.world import Order, Step

COLUMNS = ["order_id", "visit_number", "stage", "entered_at", "left_at"]


def true_visits(orders: Iterable[Order], until: int) -> pd.DataFrame:
    """Return a row per order and stage entry that happened by an instant (microseconds since 1970-01-01 UTC).

    Columns: order_id, visit_number, stage, label, stage_order, is_terminal, sla_hours, entered_at and left_at (aware,
    UTC; left_at is null where the order is still there), wait_hours.
    """
    visits = pd.DataFrame([row for order in orders for row in visits_of(order, until)], columns=COLUMNS)
    visits["wait_hours"] = (visits["left_at"] - visits["entered_at"]) / HOUR
    for name in ("entered_at", "left_at"):
        visits[name] = pd.to_datetime(visits[name].astype("Int64"), unit="us", utc=True)
    names = ("label", "stage_order", "is_terminal", "sla_hours")
    columns = {name: [getattr(stages()[stage], name) for stage in visits["stage"]] for name in names}
    return visits.assign(**columns)


def visits_of(order: Order, until: int) -> Iterator[tuple]:
    """Yield the visits of one order by an instant: order_id, visit_number, stage, entered_at, left_at."""
    entries: list[tuple[str, int]] = []
    for step in order.steps:
        stage = stage_entered(step)
        if stage and step.event_at <= until and not (entries and entries[-1][0] == stage):
            entries.append((stage, step.event_at))
    leavings = [instant for _, instant in entries[1:]] + [None]
    for number, ((stage, entered_at), left_at) in enumerate(zip(entries, leavings, strict=True), 1):
        yield order.order_id, number, stage, entered_at, left_at


def stage_entered(step: Step) -> str | None:
    """Return the stage that a step enters, None where it enters none."""
    kind = event_types()[step.event_type]
    return kind.stage_when_denied if step.data.get("decision") == "denied" else kind.stage
