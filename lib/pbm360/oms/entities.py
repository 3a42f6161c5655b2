"""Write and read what order management knows: patients, prescribers, payers, pharmacies, drugs, orders."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import psycopg

from pbm360.oms.database import connect, statement
from pbm360.settings import Settings

if TYPE_CHECKING:
    from pbm360.warehouse import Warehouse

ENTITIES = ("patients", "pharmacies", "drugs", "prescribers", "payers", "orders")  # as they can be written
NOT_KNOWN_YET = {"prescriber_id": None, "payer_id": None}
SEED_ROWS = 1000  # rows a round trip


def seed(
    settings: Settings,
    patients: Iterable[Mapping],
    pharmacies: Iterable[Mapping],
    drugs: Iterable[Mapping],
    orders: Iterable[Mapping],
    prescribers: Iterable[Mapping] = (),
    payers: Iterable[Mapping] = (),
) -> None:
    """Write entities in one transaction; those that exist are changed, so repeating it changes nothing.

    The rows have the columns of `sql/oms/001_entities.sql` and `002_prescribers_payers.sql`; other columns are left
    out. An order may lack its prescriber and payer; one that is known is kept.
    """
    rows = {"patients": patients, "pharmacies": pharmacies, "drugs": drugs, "prescribers": prescribers}
    rows |= {"payers": payers, "orders": orders}
    with connect(settings) as connection, connection.cursor() as cursor:
        for entity in ENTITIES:
            upsert, batch = statement(f"upsert_{entity}"), []
            for row in rows[entity]:
                batch.append(NOT_KNOWN_YET | row if entity == "orders" else row)
                if len(batch) == SEED_ROWS:
                    cursor.executemany(upsert, batch)
                    batch = []
            cursor.executemany(upsert, batch)


def read_snapshot(settings: Settings, snapshot_date: datetime.date) -> dict[str, list[dict]]:
    """Read every entity, in one consistent snapshot; of the orders, those taken before the end of the date (UTC)."""
    until = datetime.datetime.combine(snapshot_date, datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    with connect(settings) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {each: connection.execute(statement(f"read_{each}"), {"until": until}).fetchall() for each in ENTITIES}


def land_snapshot(warehouse: Warehouse, settings: Settings, snapshot_date: datetime.date) -> dict[str, int]:
    """Land a day's snapshot as `pbm_bronze.oms_*`, in place of an earlier one of that day; returns rows by entity."""
    snapshot = read_snapshot(settings, snapshot_date)
    warehouse.run("build/forget_snapshot.sql", {"snapshot_date": snapshot_date})
    for entity, rows in snapshot.items():
        warehouse.load_rows(f"bronze.oms_{entity}", [{"snapshot_date": snapshot_date} | row for row in rows])
    return {entity: len(rows) for entity, rows in snapshot.items()}


def delete_patient(settings: Settings, patient_id: str) -> dict[str, int]:
    """Delete a patient and the patient's orders; returns how many rows of each."""
    with connect(settings) as connection:
        return dict(connection.execute(statement("delete_patient"), {"patient_id": patient_id}).fetchone())
