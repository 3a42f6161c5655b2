"""The order-management database: migrations once, seeding twice changes nothing, one consistent snapshot a day."""

import datetime
from dataclasses import replace

import psycopg
import pytest

from pbm360 import oms
from pbm360.settings import Settings, SettingsError
from tests.messages import at

PATIENT = {
    "patient_id": "T-P1",
    "full_name": "Test Patient",
    "birth_date": datetime.date(1936, 11, 21),
    "phone": None,
    "email": None,
    "street": None,
    "zip_code": "03601",
    "therapy": "oncology",
}
PHARMACY = {"pharmacy_id": "T-PH1", "name": "Test", "time_zone": "America/New_York"}
PHARMACY |= {"opens_at": "08:00", "closes_at": "18:00", "open_days": "1111100"}
DRUG = {"drug_ndc": "99999000101", "name": "TEST", "form": "pen", "strength": "1 mg"}
DRUG |= {"temperature_class": "refrigerated", "therapy": "oncology"}
ORDER = {"order_id": "T-O1", "patient_id": "T-P1", "pharmacy_id": "T-PH1", "drug_ndc": "99999000101"}
ORDER |= {"created_at": at("20 09:00"), "priority": "routine", "quantity": 2, "days_supply": 28}
DAY = datetime.date(2026, 11, 20)


def seed(settings, patient=PATIENT, order=ORDER):
    oms.seed(settings, [patient], [PHARMACY], [DRUG], [order])


def test_migrations_are_applied_once(settings):
    assert oms.migrate(settings) == []


def test_seeding_twice_changes_nothing_and_a_change_replaces(settings):
    seed(settings)
    seed(settings, PATIENT | {"therapy": "rheumatology"})
    patients = [row for row in oms.read_snapshot(settings, DAY)["patients"] if row["patient_id"] == "T-P1"]
    assert [row["therapy"] for row in patients] == ["rheumatology"]


def test_a_seed_that_breaks_a_rule_leaves_nothing_of_it(settings):
    orphan = ORDER | {"order_id": "T-O2", "patient_id": "nobody"}
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        seed(settings, PATIENT | {"patient_id": "T-P9"}, orphan)
    assert not [row for row in oms.read_snapshot(settings, DAY)["patients"] if row["patient_id"] == "T-P9"]


def test_a_snapshot_holds_the_orders_taken_by_the_end_of_its_day(settings):
    seed(settings)

    def orders(day):
        return [row["order_id"] for row in oms.read_snapshot(settings, day)["orders"] if row["order_id"] == "T-O1"]

    assert orders(DAY) == ["T-O1"]
    assert orders(DAY - datetime.timedelta(days=1)) == []


def test_landing_a_day_twice_leaves_one_snapshot_of_it(settings, make_warehouse):
    seed(settings)
    warehouse = make_warehouse()
    for _ in range(2):
        oms.land_snapshot(warehouse, settings, DAY)
    landed = warehouse.read_table("bronze.oms_patients").to_pylist()
    assert [row["snapshot_date"] for row in landed if row["patient_id"] == "T-P1"] == [DAY]


def test_without_a_database_the_error_says_how_to_get_one(settings):
    with pytest.raises(SettingsError, match="pbm360 up"):
        oms.connect(replace(Settings(), oms_dsn=""))
