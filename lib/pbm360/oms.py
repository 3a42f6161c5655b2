"""Reach the order-management database: PostgreSQL on a laptop, Cloud SQL for PostgreSQL in the cloud."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from pbm360.settings import Settings, SettingsError, sql_folder

if TYPE_CHECKING:
    from pbm360.warehouse import Warehouse

ENTITIES = ("patients", "pharmacies", "drugs", "orders")  # in the order in which they can be written
SEED_ROWS = 1000  # rows a round trip


def connect(settings: Settings) -> psycopg.Connection:
    """Open a connection; its transaction commits where the block ends and rolls back where it raises."""
    if not settings.oms_dsn:
        raise SettingsError("no order-management database is known; run `pbm360 up` (or set PBM360_OMS_DSN)")
    return psycopg.connect(settings.oms_dsn, row_factory=dict_row)


def migrate(settings: Settings) -> list[str]:
    """Apply the migrations (`sql/oms/NNN_name.sql`) that the database lacks, in order, all or none; returns them."""
    with connect(settings) as connection:
        connection.execute(_read("lock_migrations"))
        connection.execute(_read("create_migrations_table"))
        applied = {row["name"] for row in connection.execute(_read("applied_migrations"))}
        missing = [path for path in sorted((sql_folder() / "oms").glob("[0-9]*.sql")) if path.stem not in applied]
        for path in missing:
            connection.execute(path.read_text())
            connection.execute(_read("note_migration"), {"name": path.stem})
    return [path.stem for path in missing]


def seed(
    settings: Settings,
    patients: Iterable[Mapping],
    pharmacies: Iterable[Mapping],
    drugs: Iterable[Mapping],
    orders: Iterable[Mapping],
) -> None:
    """Write entities in one transaction; those that exist are changed, so repeating it changes nothing.

    The rows have the columns of `sql/oms/001_entities.sql`; other columns are left out.
    """
    rows = {"patients": patients, "pharmacies": pharmacies, "drugs": drugs, "orders": orders}
    with connect(settings) as connection, connection.cursor() as cursor:
        for entity in ENTITIES:
            statement, batch = _read(f"upsert_{entity}"), []
            for row in rows[entity]:
                batch.append(row)
                if len(batch) == SEED_ROWS:
                    cursor.executemany(statement, batch)
                    batch = []
            cursor.executemany(statement, batch)


def read_snapshot(settings: Settings, snapshot_date: datetime.date) -> dict[str, list[dict]]:
    """Read all entities in one consistent snapshot; of the orders, those taken before the end of the date (UTC)."""
    until = datetime.datetime.combine(snapshot_date, datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    with connect(settings) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {entity: connection.execute(_read(f"read_{entity}"), {"until": until}).fetchall() for entity in ENTITIES}


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
        return dict(connection.execute(_read("delete_patient"), {"patient_id": patient_id}).fetchone())


def _read(name: str) -> str:
    return (sql_folder() / "oms" / f"{name}.sql").read_text()
