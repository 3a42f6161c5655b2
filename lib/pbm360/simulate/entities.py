"""List what order management knows of a simulated world: the rows of each entity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbm360.domain.envelope import to_instant
from pbm360.simulate import parties
from pbm360.simulate.clock import Clock
from pbm360.simulate.patients import Patient
from pbm360.simulate.world import PHARMACIES, Order, drugs

PHARMACY_COLUMNS = ("pharmacy_id", "name", "time_zone", "opens_at", "closes_at", "open_days")
DRUG_COLUMNS = ("drug_ndc", "name", "form", "strength", "temperature_class", "therapy")
PATIENT_COLUMNS = ("patient_id", "full_name", "birth_date", "phone", "email", "street", "zip_code", "therapy")


@dataclass(frozen=True)
class Entities:
    """Rows of the order-management database, mappings by column; `created_at` is aware, UTC."""

    patients: list[dict]
    pharmacies: list[dict]
    drugs: list[dict]
    orders: list[dict]
    prescribers: list[dict]
    payers: list[dict]


def entities_of(orders: Sequence[Order], patients: Sequence[Patient], clock: Clock) -> Entities:
    """Return the rows of these orders and of their patients, and of every pharmacy, drug, prescriber and payer."""
    ordering = {order.patient_id for order in orders}
    return Entities(
        patients=[columns(item, PATIENT_COLUMNS) for item in patients if item.patient_id in ordering],
        pharmacies=[columns(item, PHARMACY_COLUMNS) for item in PHARMACIES],
        drugs=[columns(item, DRUG_COLUMNS) | {"is_synthetic_ndc": True} for item in drugs()],
        orders=[order_columns(order, clock) for order in orders],
        prescribers=parties.prescribers(),
        payers=parties.payers(),
    )


def columns(item, names: Sequence[str]) -> dict:
    """Return some attributes of an object as a row."""
    return {name: getattr(item, name) for name in names}


def order_columns(order: Order, clock: Clock) -> dict:
    """Return the row of one order."""
    return {
        "order_id": order.order_id,
        "patient_id": order.patient_id,
        "pharmacy_id": order.pharmacy.pharmacy_id,
        "drug_ndc": order.drug.drug_ndc,
        "created_at": to_instant(clock.wall(order.created_at)),
        "priority": order.priority,
        "quantity": order.drug.quantity,
        "days_supply": order.drug.days_supply,
        "prescriber_id": parties.prescriber_of(order.patient_id),
        "payer_id": parties.payer_of(order.patient_id, order.plan_type),
    }
