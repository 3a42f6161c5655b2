"""Change an order and write what there is to tell of it, in one transaction: both are true, or neither.

An event is written while its order's row is held, so the numbers of one order's events are in the order of their
commits; between orders they need not be.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from pbm360.domain.envelope import build_event, encode, format_time
from pbm360.oms.database import connect, statement
from pbm360.oms.entities import NOT_KNOWN_YET
from pbm360.settings import Settings

SOURCE = "oms"
ORDER_FIELDS = ("patient_id", "pharmacy_id", "drug_ndc", "priority", "quantity", "days_supply")


class UnknownOrderError(ValueError):
    """An event names an order that order management does not have."""


@dataclass(frozen=True)
class OrderEvent:
    """What happened to an order; `event_id` is of order management's own making, `event_at` is aware."""

    event_id: str
    event_type: str
    order_id: str
    event_at: datetime.datetime
    data: Mapping[str, object] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the event as it goes on the wire."""
        event_time = format_time(self.event_at)
        return encode(build_event(self.event_id, SOURCE, self.event_type, event_time, self.order_id, self.data))


def place_order(settings: Settings, order: Mapping, event_id: str) -> None:
    """Take an order and tell of it (`referral_received`); repeating it changes and tells nothing new.

    The order has the columns of `orders`; its patient, pharmacy and drug must be there.
    """
    data = {name: _as_json(order[name]) for name in ORDER_FIELDS if order.get(name) is not None}
    event = OrderEvent(event_id, "referral_received", order["order_id"], order["created_at"], data)
    with connect(settings) as connection:
        connection.execute(statement("upsert_orders"), NOT_KNOWN_YET | order)
        write_event(connection, event)


def tell(settings: Settings, event: OrderEvent) -> None:
    """Tell what happened to an order. Raises `UnknownOrderError`."""
    with connect(settings) as connection:
        write_event(connection, event)


def write_event(connection: psycopg.Connection, event: OrderEvent) -> None:
    """Write an event within the transaction of a connection, which holds the order until its end."""
    if connection.execute(statement("lock_order"), {"order_id": event.order_id}).fetchone() is None:
        raise UnknownOrderError(f"order {event.order_id} of event {event.event_id} is not in order management")
    row = {"event_id": event.event_id, "order_id": event.order_id, "payload": event.payload()}
    connection.execute(statement("write_event"), row | {"attributes": Jsonb({"source": SOURCE})})


def _as_json(value: object) -> object:
    return value if isinstance(value, int | str) else str(value)  # a Decimal as it is written
