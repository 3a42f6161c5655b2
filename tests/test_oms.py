"""The order-management database: migrated once, seeded without doubling, landed as it was on a day."""

from __future__ import annotations

import datetime
import itertools
import threading
from decimal import Decimal

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pbm360 import oms
from pbm360.settings import Settings, SettingsError
from tests.messages import at

DAY_19, DAY_20 = datetime.date(2026, 11, 19), datetime.date(2026, 11, 20)
PATIENT = {
    "patient_id": "P1",
    "full_name": "Ada Example",
    "birth_date": datetime.date(1970, 2, 3),
    "phone": None,
    "email": "ada@example.test",
    "street": "1 Main Street",
    "zip_code": "60601",
    "therapy": "oncology",
}
PHARMACY = {
    "pharmacy_id": "PH1",
    "name": "Chicago",
    "time_zone": "America/Chicago",
    "opens_at": "08:00",
    "closes_at": "18:00",
    "open_days": "1111100",
}
DRUG = {
    "drug_ndc": "00071015523",
    "name": "Exampla",
    "form": "tablet",
    "strength": "10 mg",
    "temperature_class": "ambient",
    "therapy": "oncology",
}
ORDER = {
    "order_id": "A1",
    "patient_id": "P1",
    "pharmacy_id": "PH1",
    "drug_ndc": "00071015523",
    "created_at": at("19 09:30"),
    "priority": "routine",
    "quantity": Decimal("30"),
    "days_supply": 30,
    "prescriber_id": None,
    "payer_id": None,
}
NOTHING = {"patients": [], "pharmacies": [], "drugs": [], "prescribers": [], "payers": [], "orders": []}
PRESCRIBER = {"prescriber_id": "9000000001", "full_name": "Dr. Example", "specialty": "Oncology", "zip_code": None}
PAYER = {"payer_id": "MEDICARE-1", "name": "Example plan", "plan_type": "medicare"}
LATER_ORDER = ORDER | {"order_id": "B2", "created_at": at("20 00:00")}
MIGRATIONS = ["001_entities", "002_prescribers_payers", "003_outbox"]
numbers = itertools.count()


@pytest.fixture
def empty_database(oms_dsn) -> Settings:
    """A database of the test's own, without any table."""
    name = f"test_{next(numbers)}"
    with psycopg.connect(oms_dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return Settings(oms_dsn=make_conninfo(oms_dsn, dbname=name))


@pytest.fixture
def database(empty_database) -> Settings:
    """A database of the test's own, migrated."""
    oms.migrate(empty_database)
    return empty_database


def seed(settings, **changes):
    rows = {"patients": [PATIENT], "pharmacies": [PHARMACY], "drugs": [DRUG], "orders": [ORDER]} | changes
    oms.seed(settings, **rows)


def test_migrations_are_applied_once(empty_database):
    assert oms.migrate(empty_database) == MIGRATIONS
    assert oms.migrate(empty_database) == []


def test_two_migrations_at_once_apply_one(empty_database):
    applied = []
    threads = [threading.Thread(target=lambda: applied.append(oms.migrate(empty_database))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], MIGRATIONS]


def test_a_failing_migration_leaves_nothing_behind(empty_database, tmp_path, monkeypatch):
    folder = tmp_path / "oms"
    folder.mkdir()
    for path in (oms.database.sql_folder() / "oms").glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / "009_wrong.sql").write_text("alter table nowhere add column more text;")
    monkeypatch.setattr(oms.database, "sql_folder", lambda: tmp_path)
    with pytest.raises(psycopg.errors.UndefinedTable):
        oms.migrate(empty_database)
    (folder / "009_wrong.sql").unlink()
    assert oms.migrate(empty_database) == MIGRATIONS


def test_seeding_twice_changes_nothing_and_a_changed_row_replaces_the_old_one(database):
    seed(database)
    seed(database)
    assert oms.read_snapshot(database, DAY_19) == NOTHING | {
        "patients": [PATIENT],
        "pharmacies": [PHARMACY],
        "drugs": [DRUG],
        "orders": [ORDER],
    }
    seed(database, patients=[PATIENT | {"street": "2 Side Street"}])
    assert oms.read_snapshot(database, DAY_19)["patients"] == [PATIENT | {"street": "2 Side Street"}]


def test_rows_may_come_in_any_number_and_with_columns_of_their_own(database):
    orders = (ORDER | {"order_id": f"A{number}", "is_reship": False} for number in range(oms.SEED_ROWS + 1))
    seed(database, orders=orders)
    assert len(oms.read_snapshot(database, DAY_19)["orders"]) == oms.SEED_ROWS + 1


def test_a_seed_that_fails_leaves_nothing_behind(database):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        seed(database, orders=[ORDER, LATER_ORDER | {"patient_id": "P9"}])
    assert oms.read_snapshot(database, DAY_20) == NOTHING


def test_a_drug_code_that_lost_its_leading_zero_is_refused(database):
    with pytest.raises(psycopg.errors.CheckViolation):
        seed(database, drugs=[DRUG | {"drug_ndc": "71015523"}], orders=[])


def test_a_snapshot_holds_the_orders_taken_before_the_end_of_its_day(database):
    seed(database, orders=[ORDER, LATER_ORDER])
    assert [row["order_id"] for row in oms.read_snapshot(database, DAY_19)["orders"]] == ["A1"]
    assert [row["order_id"] for row in oms.read_snapshot(database, DAY_20)["orders"]] == ["A1", "B2"]


def test_landing_a_day_again_replaces_that_day_and_no_other(database, warehouse):
    known = LATER_ORDER | {"prescriber_id": "9000000001", "payer_id": "MEDICARE-1"}
    seed(database, orders=[ORDER, known], prescribers=[PRESCRIBER], payers=[PAYER])
    assert oms.land_snapshot(warehouse, database, DAY_19) == dict.fromkeys(oms.ENTITIES, 1)
    seed(database, patients=[PATIENT | {"zip_code": "10001"}], orders=[])
    assert oms.land_snapshot(warehouse, database, DAY_20)["orders"] == 2
    assert oms.land_snapshot(warehouse, database, DAY_20)["orders"] == 2

    orders = warehouse.read_table("bronze.oms_orders").to_pylist()
    assert sorted(orders, key=lambda row: (row["snapshot_date"], row["order_id"])) == [
        {"snapshot_date": DAY_19} | ORDER,
        {"snapshot_date": DAY_20} | ORDER,
        {"snapshot_date": DAY_20} | known,
    ]
    patients = warehouse.read_table("bronze.oms_patients").to_pylist()
    assert sorted((row["snapshot_date"], row["zip_code"]) for row in patients) == [(DAY_19, "60601"), (DAY_20, "10001")]
    assert warehouse.read_table("bronze.oms_pharmacies").num_rows == 2
    for table, row in (("oms_prescribers", PRESCRIBER), ("oms_payers", PAYER)):
        landed = warehouse.read_table(f"bronze.{table}").to_pylist()
        assert sorted(landed, key=str) == [{"snapshot_date": day} | row for day in (DAY_19, DAY_20)]
    assert (
        warehouse.read_table("bronze.oms_drugs").to_pylist()[0] | DRUG
        == (warehouse.read_table("bronze.oms_drugs").to_pylist()[0])
    )


def test_landing_an_empty_database_lands_nothing(database, warehouse):
    day = datetime.date(2026, 11, 1)
    assert oms.land_snapshot(warehouse, database, day) == dict.fromkeys(oms.ENTITIES, 0)
    assert warehouse.read_table("bronze.oms_patients", row_filter="snapshot_date = '2026-11-01'").num_rows == 0


def test_without_an_address_the_error_says_what_helps():
    with pytest.raises(SettingsError, match="run `pbm360 up`"):
        oms.migrate(Settings())
