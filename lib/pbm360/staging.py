"""Stage what a build adds to silver and gold: messages judged, copies told apart, touched orders computed anew."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import partial

from pbm360 import partitions
from pbm360.domain.privacy import pseudonym
from pbm360.warehouse import Warehouse

FACTS = ("fact_order_lifecycle", "fact_stage_visits", "fact_patient_feedback")


def judge_messages(warehouse: Warehouse, window: dict) -> None:
    """Stage the messages of a window that silver doesn't account for, and the verdict on each."""
    silver_dates = partitions.silver_dates(warehouse, window["first_date"], window["last_date"])
    warehouse.run("staging/new_messages.sql", {**window, "silver_dates": silver_dates})
    warehouse.run("staging/judged_messages.sql")


def fill_vault(warehouse: Warehouse, since_date: datetime.date, last_date: datetime.date) -> int:
    """Make pseudonyms for the patients whom the vault doesn't know yet; returns how many. The key stays in Python.

    They are the judged messages' patients and those of the snapshots between the dates (both included).
    """
    days = {"since_date": since_date, "last_date": last_date}
    patients = warehouse.run("staging/new_patients.sql", days).column("patient_id").to_pylist()
    now = datetime.datetime.now(datetime.UTC)
    key = warehouse.settings.required_pseudonym_key
    rows = [{"patient_id": name, "patient_key": pseudonym(key, name), "created_at": now} for name in patients]
    warehouse.load_rows("vault.patient_keys", rows)
    return len(rows)


def stage_events(warehouse: Warehouse, run_date: datetime.date, held_twice: Iterable[datetime.date] = ()) -> None:
    """Stage what the judged messages add to silver, take from it and refuse, and the orders that they touch."""
    copy_dates = partitions.copy_dates(warehouse, run_date)
    warehouse.run("staging/published_copies.sql", {"copy_dates": copy_dates})
    for name in ("superseded_messages", "stg_order_events", "displaced_events"):
        warehouse.run(f"staging/{name}.sql")
    if held_twice:
        warehouse.run("staging/late_copies.sql", {"copy_dates": partitions.dates(held_twice)})
    for name in ("rejected_events", "touched_orders"):
        warehouse.run(f"staging/{name}.sql")


def touch_recalendared(warehouse: Warehouse) -> None:
    """Add the orders whose pharmacy's week or zone changes to those that the build computes anew."""
    pharmacies = warehouse.run("staging/changed_pharmacies.sql")["pharmacy_id"].to_pylist()
    if pharmacies:
        warehouse.run("staging/recalendared_orders.sql", {"pharmacy_ids": pharmacies})


def stage_facts(warehouse: Warehouse) -> None:
    """Compute the rows of the touched orders, from their events as they will stand."""
    for name in ("published_spans", "order_spans"):
        warehouse.run(f"staging/{name}.sql")
    parameters = {"order_dates": partitions.order_dates(warehouse)}
    *apart, of_orders = FACTS  # feedback is joined to the orders' rows
    warehouse.together([partial(_stage_fact, name, parameters) for name in apart])
    _stage_fact(of_orders, parameters, warehouse)


def _stage_fact(name: str, parameters: dict, warehouse: Warehouse) -> None:
    warehouse.run(f"staging/{name}.sql", parameters)
