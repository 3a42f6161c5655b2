"""Say what can be known of an order that a defect hides something of: what its accepted messages make of it.

Rows are those of `pbm_truth.knowable_orders`: one for each order, as gold must have it, that is not as it truly was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pbm360.domain.envelope import to_instant
from pbm360.domain.lifecycle import MILESTONES, order_rows
from pbm360.domain.rules import event_types, stages
from pbm360.simulate.clock import Clock
from pbm360.simulate.defects import Delivery, SentForm
from pbm360.simulate.ledger import promise_as_sent
from pbm360.simulate.world import Order, source_of

ATTRIBUTES = ("pharmacy_id", "drug_ndc", "carrier")
COMPARED = (*ATTRIBUTES, "stage", "status", *MILESTONES, "promised_at", "event_count")
HIDING = frozenset(
    ["missing_scan", "unknown_code", "poison", "wrong_offset", "orphan", "clock_skew", "dst_hour", "after_delivery"]
)
PLAIN = SentForm()


def knowable_rows(
    order: Order, truth: Mapping | None, simulation_id: str, known_until: int, clock: Clock
) -> list[dict]:
    """Return the rows by which gold differs from an order's true row, of what was known by the wall's instant.

    An order that is sent under another's id has one, named as gold names it; so has each order that is none.
    """
    hiding = sorted({injection.defect for injection in order.defects if injection.defect in HIDING})
    if not hiding and not order.reported_as:
        return []
    rows = []
    for row in order_rows(accepted_events(order, known_until, clock)):
        is_phantom = row["order_id"] not in (order.order_id, order.reported_as)
        if not is_phantom and not order.reported_as and truth and not differs(row, truth):
            continue
        rows.append(
            {
                "order_id": f"{row['order_id']} (2)" if row["order_id"] == order.reported_as else row["order_id"],
                "simulation_id": simulation_id,
                "of_order_id": order.order_id,
                "is_phantom": is_phantom,
                "hidden_by": ", ".join(hiding + ["reused_id"] * bool(order.reported_as)),
                **{name: row[name] for name in COMPARED},
                "known_until": to_instant(known_until),
            }
        )
    return rows


def differs(row: Mapping, truth: Mapping) -> bool:
    """Tell whether an order's row is not the true one."""
    return any(row[name] != truth[name] for name in COMPARED)


def accepted_events(order: Order, known_until: int, clock: Clock) -> Iterator[dict]:
    """Yield what the accepted messages of an order say: rows with the columns of silver that a lifecycle needs."""
    told = set()
    for delivery in sorted(order.deliveries, key=lambda item: item.observed_at):
        is_known = clock.wall(delivery.observed_at) <= known_until
        if is_known and not delivery.is_refused and delivery.step.event_id not in told:
            told.add(delivery.step.event_id)
            yield accepted_event(order, delivery, clock)


def accepted_event(order: Order, delivery: Delivery, clock: Clock) -> dict:
    """Return the event of an accepted message as silver has it, what a lifecycle needs of it."""
    step, form = delivery.step, delivery.step.sent or PLAIN
    kind, decision = event_types()[step.event_type], step.data.get("decision")
    stage = kind.stage_when_denied if decision == "denied" else kind.stage
    return {
        "source": source_of()[step.event_type],
        "event_id": step.event_id,
        "event_type": step.event_type,
        "event_at": to_instant(clock.wall(step.event_at) + form.shift),
        "order_id": form.order_id or order.reported_as or order.order_id,
        "stage": stage,
        "stage_order": stages()[stage].stage_order if stage else None,
        "message_id": "",
        "known_at": to_instant(clock.wall(delivery.observed_at)),
        "patient_key": step.data.get("patient_id"),
        "promised_at": to_instant(promise_as_sent(step, clock)) if step.promised_at else None,
        **{name: step.data.get(name) for name in (*ATTRIBUTES, "decision", "corrects_id", "correction_reason")},
    }
