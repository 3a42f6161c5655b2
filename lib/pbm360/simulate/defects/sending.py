"""What is sent of a step: its form where it differs from the plain one, each delivery, each note in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pbm360.simulate.durations import SECOND
from pbm360.simulate.opening_hours import HOUR
from pbm360.simulate.world import Order, Step

MINUTE = 60 * SECOND
OUT_OF_ORDER_WITHIN = 12 * HOUR


@dataclass(slots=True)
class SentForm:
    """How a source tells of a step otherwise than plainly. All whole copies of the message are the same bytes."""

    event_type: str | None = None  # as spelled
    data: dict[str, object] | None = None
    order_id: str | None = None
    shift: int = 0  # microseconds by which the stamp is ahead of what happened
    zone: str | None = None  # the stamp is that of a clock on the wall there
    has_offset: bool = True
    schema_version: int = 1
    body: str = "plain"  # or number_for_time, null_byte, megabyte
    is_refused: bool = False  # by the receiver's rules; nothing else tells of the step

    @property
    def has_plain_envelope(self) -> bool:
        """True where it differs in its data, its schema or by how much its clock is off alone."""
        return self.event_type is None and self.order_id is None and self.zone is None and self.body == "plain"


@dataclass(slots=True)
class Delivery:
    """One message to send: the step that it tells of, and the share of its payload where it is truncated."""

    observed_at: int
    step: Step
    kept_share: float | None = None

    @property
    def is_refused(self) -> bool:
        """True where the receiver's rules refuse the message."""
        return self.kept_share is not None or (self.step.sent is not None and self.step.sent.is_refused)


@dataclass(slots=True)
class Injection:
    """One row of the ledger: what was done to a step, and when it came to the topic (or would have)."""

    defect: str
    observed_at: int
    step: Step
    detail: str


@dataclass(slots=True)
class Target:
    """A step of an order that a defect befalls, and when its successor is known."""

    order: Order
    step: Step
    source: str
    successor_known_at: int | None
    random: Random

    def send(self, observed_at: int | None = None, kept_share: float | None = None) -> None:
        """Send the step's message when it is known, or at another instant."""
        instant = self.step.known_at if observed_at is None else observed_at
        self.order.deliveries.append(Delivery(instant, self.step, kept_share))

    def note(self, defect: str, detail: str, observed_at: int | None = None) -> None:
        """Write the defect into the ledger."""
        instant = self.step.known_at if observed_at is None else observed_at
        self.order.defects.append(Injection(defect, instant, self.step, detail))

    def form(self) -> SentForm:
        """Return the step's form, to be changed."""
        return form_of(self.step)

    def data(self) -> dict[str, object]:
        """Return the step's data as sent so far."""
        return data_of(self.step)


def form_of(step: Step) -> SentForm:
    """Return a step's form, to be changed."""
    if step.sent is None:
        step.sent = SentForm()
    return step.sent


def data_of(step: Step) -> dict[str, object]:
    """Return a step's data as sent so far."""
    form = step.sent
    return step.data if form is None or form.data is None else form.data


def is_exposed_to_disorder(known_at: int, successor_known_at: int | None) -> bool:
    """Tell whether an event can be known out of order: its successor is known soon after it."""
    return successor_known_at is not None and 0 <= successor_known_at - known_at <= OUT_OF_ORDER_WITHIN


def seconds(microseconds: int) -> str:
    """Write a time span, `92 s`."""
    return f"{microseconds / SECOND:.0f} s"
