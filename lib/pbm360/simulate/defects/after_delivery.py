"""What sources say of an order after its delivery that is not so, or was not: each a message of its own.

- cancelled: order management cancels an order that has arrived. It stays delivered; the cancellation stays on record.
- did_not_occur: a carrier's scan says returned; a declaration of the carrier takes it back.
- incorrect_data: the delivery was first told half an hour to two hours early; a declaration tells its true time.

Declarations are EPCIS 2.0's: an event that names the one it corrects, and why.
"""

from __future__ import annotations

from random import Random

from pbm360.simulate.defects.sending import MINUTE, Delivery, Injection, SentForm, seconds
from pbm360.simulate.durations import REPORT_SECONDS, SECOND
from pbm360.simulate.opening_hours import HOUR
from pbm360.simulate.walk import common_data
from pbm360.simulate.world import Order, Step, source_of

KINDS = ("cancelled", "did_not_occur", "incorrect_data")  # [A] alike often
CORRECTED_WITHIN = 48 * HOUR  # [A]
TRACKING_FIELDS = ("carrier", "service", "tracking_number", "zip3")


def befall_delivery(order: Order, rate: float, random: Random) -> None:
    """Let an order of this chance be cancelled or corrected after its delivery, where that was told faultlessly."""
    delivered = next((step for step in reversed(order.steps) if step.event_type == "delivered"), None)
    if delivered is None or random.random() >= rate:
        return
    kind = KINDS[int(len(KINDS) * random.random())]
    later = delivered.event_at + HOUR + int(CORRECTED_WITHIN * random.random())
    if kind == "cancelled":
        cancel(order, later - later % 1000)
    elif kind == "did_not_occur" or not is_told_plainly(order, delivered):
        take_back(order, delivered, later - later % 1000, random)
    else:
        correct(order, delivered, later - later % 1000, random)


def is_told_plainly(order: Order, step: Step) -> bool:
    """Tell whether a step is told once, whole and in its plain form."""
    told = [delivery for delivery in order.deliveries if delivery.step is step]
    return step.sent is None and len(told) == 1 and told[0].kept_share is None


def cancel(order: Order, instant: int) -> None:
    """Cancel an order that has arrived."""
    step = false_step(order, "order_cancelled", instant, "X1", common_data(order)["oms"] | {"reason": "payer"})
    tell(order, step)
    order.defects.append(Injection("after_delivery", step.known_at, step, "cancelled after its delivery"))


def take_back(order: Order, delivered: Step, instant: int, random: Random) -> None:
    """Say that the parcel came back, and take it back."""
    tracking = {name: delivered.data[name] for name in TRACKING_FIELDS}
    step = false_step(order, "returned", instant, "X1", tracking)
    tell(order, step)
    declaration = {"corrects_id": step.event_id, "correction_reason": "did_not_occur"}
    corrected_at = instant + HOUR + int(CORRECTED_WITHIN * random.random())
    tell(order, false_step(order, "returned", instant, "X2", tracking | declaration, known_at=corrected_at))
    detail = f"a return that did not occur, taken back after {seconds(corrected_at - step.known_at)}"
    order.defects.append(Injection("after_delivery", step.known_at, step, detail))


def correct(order: Order, delivered: Step, instant: int, random: Random) -> None:
    """Tell the delivery too early, and then its true time."""
    early = int((30 + 90 * random.random()) * MINUTE)
    delivered.sent = SentForm(shift=-(early - early % 1000))
    declaration = {"corrects_id": delivered.event_id, "correction_reason": "incorrect_data"}
    known_at = max(instant, delivered.known_at + HOUR)
    step = false_step(order, "delivered", delivered.event_at, "X1", delivered.data | declaration, known_at=known_at)
    tell(order, step)
    detail = f"told {seconds(early)} early, corrected after {seconds(known_at - delivered.known_at)}"
    order.defects.append(Injection("after_delivery", delivered.known_at, delivered, detail))


def false_step(
    order: Order, event_type: str, instant: int, suffix: str, data: dict, known_at: int | None = None
) -> Step:
    """Return a step that is told of an order and is none of its life."""
    reported_at = instant + int(REPORT_SECONDS[source_of()[event_type]] * SECOND)
    step = Step(event_type, instant, data, event_id=f"{order.order_id}-{suffix}")
    step.known_at = reported_at if known_at is None else known_at
    return step


def tell(order: Order, step: Step) -> None:
    """Send a step's message when it is known."""
    order.deliveries.append(Delivery(step.known_at, step))
