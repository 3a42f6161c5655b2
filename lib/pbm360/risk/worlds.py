"""Lay a simulated world into silver as it was known, event by event: what a forecast is trained and tried on.

The build of such a world would know everything at its end; here each event keeps the instant at which it was known.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

import pandas as pd
import pyarrow as pa

from pbm360 import medallion
from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.envelope import to_instant, to_microseconds
from pbm360.domain.privacy import pseudonym
from pbm360.domain.rules import stages, typed_fields
from pbm360.risk.cells import DOCK_STAGE_ORDER
from pbm360.scratch import STUDY, forget_scratch, scratch_warehouse
from pbm360.settings import Settings
from pbm360.simulate import Simulation
from pbm360.simulate.world import PHARMACIES, Order, Step, source_of, stage_of
from pbm360.warehouse import Warehouse

COLUMN_OF_FIELD = {
    field.field: field.column for field in typed_fields() if field.kind in ("identifier", "code", "boolean", "integer")
} | {"drug_ndc": "drug_ndc"}
EVENTS = "silver.stg_order_events"
LEFT_OUT = ("zip3", "station", "scanner_id", "lot")  # no row of an order is made of these
ENDS = ("left_at", "delivered_at", "failed_at", "cancelled_at", "called_at", "promised_at")
ENDS_OF_STAGE = {
    "DELIVERED": ("delivered_at",),
    "RETURNED": ("failed_at",),
    "LOST": ("failed_at",),
    "CANCELLED": ("cancelled_at",),
}
PHARMACY_COLUMNS = ("pharmacy_id", "name", "time_zone", "opens_at", "closes_at", "open_days")


def load_world(warehouse: Warehouse, simulation: Simulation, *, as_happened: bool = False, table: str = EVENTS) -> int:
    """Replace the events by a simulation's, known when they were, and the pharmacies; returns how many.

    `as_happened`: each event is known when it happens, and none is missing, as only the simulator itself sees it.
    `table` is silver, which the time machine reads, or `live.order_events`, from which now is served, too.
    """
    schema = warehouse.arrow_schema(table)
    rows = silver_rows(simulation, warehouse.settings.required_pseudonym_key, as_happened=as_happened)
    events = events_table(rows, schema)
    warehouse.load_arrow(table, events, replace=True)
    warehouse.load_rows("gold.dim_pharmacies", pharmacy_rows(simulation.parameters.start.date()), replace=True)
    return events.num_rows


def silver_rows(simulation: Simulation, key: str, *, as_happened: bool = False) -> Iterator[dict]:
    """Yield the simulation's events known by its end as rows of silver; instants are microseconds since 1970, UTC."""
    if not as_happened:
        yield from accepted_events(simulation, Decoder(key))
        return
    keys: dict[str, str] = {}
    for order in simulation.orders_born():
        patient_key = keys.setdefault(order.patient_id, pseudonym(key, order.patient_id))
        for step in order.steps:
            if step.event_at <= simulation.end:
                yield true_event(order, step, patient_key)


def accepted_events(simulation: Simulation, decoder: Decoder) -> Iterator[dict]:
    """Yield what the pipeline accepts of the simulation's messages; of several copies the one that was known first."""
    seen: set[tuple[str, str]] = set()
    for number, message in enumerate(simulation.messages()):
        known_at = to_microseconds(message.observed_at)
        row = decoder.decode(message.payload, Stamps(f"world-{number:08}", known_at, known_at, known_at))
        if isinstance(row, Rejection):
            continue
        event = dict(zip(COLUMNS, row, strict=True))
        if (event["source"], event["event_id"]) not in seen:
            seen.add((event["source"], event["event_id"]))
            yield event


def true_ends(simulation: Simulation) -> pd.DataFrame:
    """Return what truly became of each order, also after the simulation's end: the columns of sql/risk/outcomes.sql."""
    return pd.DataFrame([{"order_id": order.order_id} | _ends(order) for order in simulation.orders_born()])


def _ends(order: Order) -> dict:
    found: dict[str, object] = dict.fromkeys(ENDS)
    for step in order.steps:
        stage = stage_entered(step)
        is_left = stage is not None and stages()[stage].stage_order >= DOCK_STAGE_ORDER
        names = ("left_at",) * is_left + ENDS_OF_STAGE.get(stage, ()) + ("called_at",) * (step.event_type == "call")
        for name in names:
            found[name] = found[name] or to_instant(step.event_at)
        if step.promised_at:
            found["promised_at"] = to_instant(step.promised_at)
    return found


def stage_entered(step: Step) -> str | None:
    """Return the stage that a step enters; a denied appeal ends the order."""
    return "CANCELLED" if step.data.get("decision") == "denied" else stage_of()[step.event_type]


def true_event(order: Order, step: Step, patient_key: str) -> dict:
    """Return a step as silver would have it, were it told at once and without a fault."""
    known_at = step.event_at
    stage = stage_entered(step)
    fields = {COLUMN_OF_FIELD[name]: value for name, value in step.data.items() if name in COLUMN_OF_FIELD}
    return {name: value for name, value in fields.items() if name not in LEFT_OUT} | {
        "event_id": step.event_id,
        "source": source_of()[step.event_type],
        "event_type": step.event_type,
        "event_at": step.event_at,
        "order_id": order.order_id,
        "stage": stage,
        "stage_order": stages()[stage].stage_order if stage else None,
        "message_id": f"{order.order_id}/{step.event_id}",
        "publish_time": known_at,
        "ingested_at": known_at,
        "known_at": known_at,
        "schema_version": 1,
        "patient_key": patient_key if "patient_id" in step.data else None,
        "promised_at": step.promised_at,
    }


def events_table(rows: Iterable[dict], schema: pa.Schema) -> pa.Table:
    """Return rows of silver as an Arrow table; columns that no row has are null."""
    columns: dict[str, list] = {field.name: [] for field in schema if field.name != "event_date"}
    for row in rows:
        for name, values in columns.items():
            values.append(row.get(name))
    arrays = {name: pa.array(values, schema.field(name).type) for name, values in columns.items()}
    arrays["event_date"] = arrays["event_at"].cast(pa.date32())
    return pa.table([arrays[field.name] for field in schema], schema=schema)


def pharmacy_rows(valid_from: datetime.date) -> list[dict]:
    """Return the pharmacies as rows of their dimension."""
    return [
        {name: getattr(pharmacy, name) for name in PHARMACY_COLUMNS} | {"valid_from": valid_from, "is_latest": True}
        for pharmacy in PHARMACIES
    ]


def study_world(settings: Settings, simulation: Simulation) -> Warehouse:
    """Lay a simulation into datasets of its own, `<prefix>_study_risk_...`, in place of what was there."""
    warehouse = scratch_warehouse(settings, f"{STUDY}_risk")
    forget_scratch(warehouse)
    medallion.prepare(warehouse)
    load_world(warehouse, simulation)
    return warehouse
