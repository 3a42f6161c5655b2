"""Live an order's life, from its birth to its end and what follows from it.

The state machine is `domain/data/transitions.csv`: first fills walk all of it, refills enter at CLINICAL with a paid
claim, reships at FILL.
"""

from __future__ import annotations

from operator import attrgetter
from random import Random
from typing import NamedTuple

from pbm360.simulate import durations, rates
from pbm360.simulate.clearance import clear, draw_patient_pay
from pbm360.simulate.cold_chain import monitor
from pbm360.simulate.delivery import Parcel, carry, ship
from pbm360.simulate.feedback import call, respond
from pbm360.simulate.fulfilment import fill, pack, review
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.places import Place
from pbm360.simulate.walk import MILLISECOND, Walk
from pbm360.simulate.world import Order

EVENT_ENDINGS = [f"-{number:02d}" for number in range(1, 1000)]  # of ids; no order has so many steps


class Successor(NamedTuple):
    """An order that follows from another one; `due_at` is when it may be born."""

    due_at: int
    is_reship: bool


def live(order: Order, place: Place, random: Random) -> Successor | None:
    """Write the order's steps, in the order of event_at and numbered, and return what follows from it."""
    walk = Walk(order, place, random)
    parcel = walk_to_the_door(walk)
    call(walk, parcel)
    successor = follow(walk, parcel) if parcel else None
    order.steps.sort(key=attrgetter("event_at"))  # stable: of one instant the one written first
    for step, ending in zip(order.steps, EVENT_ENDINGS, strict=False):
        step.event_id = order.order_id + ending
    return successor


def walk_to_the_door(walk: Walk) -> Parcel | None:
    """Take the order through the process; None where it is cancelled before there is a parcel."""
    record_referral(walk)
    if walk.order.kind == "first_fill" and not clear(walk):
        return None
    if walk.order.kind == "refill":
        patient_pay = min(30.0, draw_patient_pay(walk.random))
        walk.work_at("claims", durations.CLAIM_ENTRY).record("claim_paid", patient_pay=patient_pay)
    if walk.order.kind != "reship" and not review(walk):
        return None
    if not (fill(walk) and pack(walk)):
        return None
    parcel = ship(walk, walk.place.delivery)
    carry(walk, parcel, walk.place.delivery)
    monitor(walk, parcel)
    return parcel


def record_referral(walk: Walk) -> None:
    """Write the order's first event."""
    order = walk.order
    details = {"previous_order_id": order.previous_order_id} if order.previous_order_id else {}
    if order.is_reship:
        details["is_reship"] = True
    walk.record(
        "referral_received",
        priority=order.priority,
        channel=order.channel,
        quantity=order.drug.quantity,
        days_supply=order.drug.days_supply,
        fill_number=order.fill_number,
        **details,
    )


def follow(walk: Walk, parcel: Parcel) -> Successor | None:
    """Return the reship of a parcel that went wrong, or the refill of one that arrived."""
    order = walk.order
    went_wrong = parcel.ended_as != "delivered" or parcel.is_damaged
    if parcel.ended_as == "delivered":
        went_wrong |= respond(walk, parcel)
    if went_wrong and not order.is_reship and walk.happens(rates.RESHIPPED):
        due_at = walk.hours.after_work(walk.at, durations.CLAIM_REPAIR.draw(walk.random))
        return Successor(due_at, is_reship=True)
    if parcel.ended_as != "delivered":
        return None
    due_at = refill_due_at(walk)
    walk.record_at(due_at, "refill_due")
    return Successor(due_at, is_reship=False) if walk.happens(rates.REFILL_CONTINUES) else None


def refill_due_at(walk: Walk) -> int:
    """Return when the pharmacy calls for the next fill: a week before the drug runs out, in opening hours."""
    days_supply = walk.order.drug.days_supply
    lead = min(rates.REFILL_LEAD_DAYS, days_supply // 2)
    due_at = walk.hours.after_work(walk.at + (days_supply - lead) * DAY, durations.LABELLING.draw(walk.random))
    return due_at - due_at % MILLISECOND
