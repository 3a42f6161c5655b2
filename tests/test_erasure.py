"""Erasing a patient leaves the tables of a workbench that never saw the patient, whatever comes in again."""

import datetime
import json
from collections import Counter
from dataclasses import replace

import pytest

from pbm360 import erasure, medallion, oms, rotation
from pbm360.domain.privacy import pseudonym
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.tombstones import patient_digest
from pbm360.warehouse import table_files
from tests.conftest import TEST_KEY
from tests.messages import at, bronze_row, event, simulated_row
from tests.test_medallion import TABLES

END = datetime.datetime(2026, 11, 20, 18, tzinfo=datetime.UTC)
DAYS = [datetime.date(2026, 11, day) for day in range(18, 21)]
ENTITIES = ("patients", "pharmacies", "drugs", "orders")
READ_TABLES = [*TABLES, "bronze.raw_orders", "bronze.oms_patients", "bronze.oms_orders", "live.order_events"]
READ_TABLES += ["vault.patient_keys", "truth.orders", "truth.knowable_orders", "truth.defects"]
UNEQUAL_BY_NATURE = {"created_at", "reconciled_at"}


@pytest.fixture(scope="module")
def simulation():
    return simulate(SimulationParameters(orders=300, days=2, end=END, seed=11))


@pytest.fixture(scope="module")
def rows(simulation):
    found = [simulated_row(number, message) for number, message in enumerate(simulation.messages())]
    broken = b'{"specversion": "1.0", "subject": "%s", "data": {"patient_id": "%s"'
    patient = patient_of(simulation)
    return [*found, bronze_row("cut-short", broken % (b"elsewhere", patient.encode()), "18 09:00")]


def patient_of(simulation) -> str:
    """Return the patient with the most defects in their messages, and of those the one with the most orders."""
    orders = simulation.truth_orders()
    patients = {order["order_id"]: order["patient_id"] for order in simulation.entities().orders}
    defects = Counter(patients[defect["order_id"]] for defect in simulation.truth_defects())
    counts = Counter(order["patient_id"] for order in orders)
    return max(sorted(counts), key=lambda patient: (counts[patient] > 1, defects[patient], counts[patient]))


def orders_of(simulation, patient_id: str) -> list[str]:
    return [order["order_id"] for order in simulation.truth_orders() if order["patient_id"] == patient_id]


def names(row: dict, words: list[str]) -> bool:
    return any(b'"%s"' % word.encode() in row["payload"] for word in words)


def filled(warehouse, simulation, rows, without: list[str] = (), days=DAYS[:-1]):
    """Land messages, truth and a snapshot, less what names a patient or order; build the days."""
    kept = [row for row in rows if not names(row, without)]
    warehouse.load_rows("bronze.raw_orders", kept)
    warehouse.load_rows("truth.orders", [row for row in simulation.truth_orders() if row["order_id"] not in without])
    knowable = [row for row in simulation.knowable_orders() if row["of_order_id"] not in without]
    warehouse.load_rows("truth.knowable_orders", knowable)
    warehouse.load_rows("truth.defects", [row for row in simulation.truth_defects() if row["order_id"] not in without])
    entities = simulation.entities()
    for name in ENTITIES:
        found = [row for row in getattr(entities, name) if row.get("patient_id") not in without]
        warehouse.load_rows(f"bronze.oms_{name}", [{"snapshot_date": DAYS[0]} | row for row in found])
    for day in days:
        build(warehouse, day)
    silver = warehouse.read_table("silver.stg_order_events").to_pylist()
    warehouse.load_rows("live.order_events", [row for row in silver if row["event_date"] >= DAYS[-2]])
    return kept


def build(warehouse, day):
    """Build a day as `medallion.build` does, with the snapshot that is there."""
    run = medallion.BatchRun(f"run-{day}", day, datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC))
    warehouse.run("build/start_run.sql", {**run.key, "started_at": run.cut_at, "cut_at": run.cut_at})
    medallion.stage_silver(warehouse, run)
    medallion.stage_gold(warehouse, run)
    medallion.publish(warehouse, run)


def contents(warehouse):
    tables = {table: warehouse.read_table(table).to_pylist() for table in READ_TABLES}
    tables["serving"] = warehouse.query("select * from pbm_serving.order_lifecycle").to_pylist()
    as_of = "select * from pbm_serving.order_lifecycle_as_of(@as_of)"
    tables["as_of"] = warehouse.query(as_of, {"as_of": END - datetime.timedelta(days=2)}).to_pylist()
    tables["ledger"] = warehouse.query("select * from pbm_ops.reconciliation").to_pylist()
    return {
        table: sorted(repr([value for name, value in row.items() if name not in UNEQUAL_BY_NATURE]) for row in found)
        for table, found in tables.items()
    }


@pytest.fixture(scope="module")
def erased(make_warehouse, simulation, rows):
    """A warehouse with the patient erased, another that never saw the patient, and what the erasure reports."""
    patient = patient_of(simulation)
    words = [patient, *orders_of(simulation, patient)]
    seen, never = make_warehouse(), make_warehouse()
    entities = simulation.entities()
    oms.seed(seen.settings, **vars(entities))
    filled(seen, simulation, rows)
    kept = filled(never, simulation, rows, without=words)
    runs = seen.settings.state_dir / "runs" / "2026-11-19"
    runs.mkdir(parents=True)
    (runs / "of-the-patient.ipynb").write_text(json.dumps({"order": words[1]}))
    (runs / "of-others.ipynb").write_text(json.dumps({"order": words[1] + "0"}))
    report = erasure.erase_patient(seen, patient)
    return seen, never, report, words, len(rows) - len(kept)


def test_the_tables_equal_those_that_never_saw_the_patient(erased):
    seen, never, _, words, _ = erased
    assert len(words) >= 3  # a patient and two orders
    one, other = contents(seen), contents(never)
    assert {table: (len(one[table]), len(other[table])) for table in one if one[table] != other[table]} == {}


def test_the_report_counts_what_was_deleted(erased, simulation):
    seen, _, report, words, message_count = erased
    assert report.rows["bronze.raw_orders"] == message_count > 10
    assert report.rows["bronze.oms_patients"] == 1
    assert report.rows["truth.orders"] == len(words) - 1
    assert report.rows["gold.dim_patients"] == report.rows["vault.patient_keys"] == 1
    assert report.order_management_rows == {"orders": len(words) - 1, "patients": 1}
    assert report.files == ["runs/2026-11-19/of-the-patient.ipynb"]
    done = seen.read_table("vault.erasures").to_pylist()
    assert [row["deleted_row_count"] for row in done] == [report.row_count]
    assert done[0]["completed_at"] is not None


def test_no_table_names_the_patient_or_an_order_of_the_patient_but_the_tombstones(erased):
    seen, _, _, words, _ = erased
    key = pseudonym(TEST_KEY, words[0])
    for name in table_files():
        table = name.removesuffix(".sql").replace("/", ".")
        if not table.startswith("serving.") and table != "ops.tombstones":
            text = repr(seen.read_table(table).to_pylist())
            assert not [word for word in (*words, key) if f"'{word}'" in text or f'"{word}"' in text], table


def test_what_comes_in_again_is_hidden_at_once_and_turned_back_by_the_next_build(erased, simulation, rows):
    seen, never, _, words, _ = erased
    late = [row for row in rows if row["known_date"] == DAYS[-1] and not names(row, words)]
    readable = [row for row in rows if names(row, words) and row["message_id"] != "cut-short"]
    again = [{**row, "message_id": f"again-{row['message_id']}"} for row in readable[:12]]
    new = event("new-1", "oms", "referral_received", "20 09:00", "NEW-1", patient_id=words[0])
    returned = [
        {**row, "known_at": at("20 10:00"), "known_date": DAYS[-1], "ingested_at": at("20 10:00")} for row in again
    ]
    returned.append(bronze_row("again-new", new, "20 10:00"))
    for warehouse, found in ((seen, [*late, *returned]), (never, late)):
        warehouse.load_rows("bronze.raw_orders", found)
    silver = never.read_table("silver.stg_order_events").to_pylist()[0]
    key = pseudonym(TEST_KEY, words[0])
    hidden = [{**silver, "event_id": "h1", "order_id": words[1]}, {**silver, "event_id": "h2", "order_id": "NEW-1"}]
    hidden[1]["patient_key"] = key
    seen.load_rows("live.order_events", [{**row, "message_id": row["event_id"]} for row in hidden])
    assert contents(seen)["serving"] == contents(never)["serving"]
    assert contents(seen)["as_of"] == contents(never)["as_of"]
    seen.query("delete from pbm_live.order_events where message_id in ('h1', 'h2')")
    for warehouse in (seen, never):
        build(warehouse, DAYS[-1])
    one, other = contents(seen), contents(never)
    assert {table for table in one if one[table] != other[table]} == set()


def test_of_an_order_id_that_two_patients_share_the_other_order_stays(make_warehouse):
    of_one = [
        bronze_row("1", event("a1", "oms", "referral_received", "18 09:00", "S1", patient_id="P-one"), "18 09:01"),
        bronze_row("2", event("a2", "wms", "shipped", "18 12:00", "S1"), "18 12:01", "wms"),
    ]
    of_other = [
        bronze_row("3", event("b1", "oms", "referral_received", "19 09:00", "S1", patient_id="P-other"), "19 09:01"),
        bronze_row("4", event("b2", "carrier", "delivered", "19 12:00", "S1"), "19 12:01", "carrier"),
    ]
    seen, never = make_warehouse(), make_warehouse()
    seen.load_rows("bronze.raw_orders", [*of_one, *of_other])
    never.load_rows("bronze.raw_orders", of_other)
    for warehouse in (seen, never):
        for day in DAYS[:2]:
            build(warehouse, day)
    assert {row["order_id"] for row in seen.read_table("gold.fact_order_lifecycle").to_pylist()} == {"S1", "S1 (2)"}
    erasure.erase_patient(seen, "P-one")
    one, other = contents(seen), contents(never)
    assert {table for table in one if one[table] != other[table]} == set()


def test_a_build_under_way_and_an_empty_id_are_refused(make_warehouse):
    warehouse = make_warehouse()
    with pytest.raises(ValueError, match="must not be empty"):
        erasure.erase_patient(warehouse, " ")
    run = medallion.BatchRun("run-x", DAYS[0], END)
    warehouse.run("build/start_run.sql", {**run.key, "started_at": END, "cut_at": END})
    with pytest.raises(medallion.BuildError, match="run run-x is started"):
        erasure.erase_patient(warehouse, "P1")


def test_a_digest_tells_patients_apart_and_needs_its_salt():
    assert patient_digest("s", "P1") == patient_digest("s", "P1")
    assert len({patient_digest("s", "P1"), patient_digest("s", "P2"), patient_digest("t", "P1")}) == 3


def test_a_rotation_of_the_key_leaves_the_tables_of_a_workbench_that_always_had_it(make_warehouse, simulation, rows):
    rotated, always = make_warehouse(), make_warehouse()
    next_key = "another-key-that-only-the-tests-know-456"
    always.settings = replace(always.settings, pseudonym_key=next_key)
    for warehouse in (rotated, always):
        filled(warehouse, simulation, rows, days=DAYS[:1])
    patient_count = rotated.read_table("vault.patient_keys").num_rows
    assert rotation.rotate_key(rotated, next_key) == patient_count > 100
    assert rotation.rotate_key(rotated, next_key) == 0
    one, other = contents(rotated), contents(always)
    assert {table for table in one if one[table] != other[table]} == set()
    rotated.settings = replace(rotated.settings, pseudonym_key=next_key)
    for warehouse in (rotated, always):
        build(warehouse, DAYS[1])
    one, other = contents(rotated), contents(always)
    assert {table for table in one if one[table] != other[table]} == set()


def test_the_laptops_next_key_outlives_an_interruption_and_takes_the_place_of_the_old_one(tmp_path):
    settings = Settings(state_dir=tmp_path)
    (tmp_path / "pseudonym.key").write_text("old" * 20)
    key = rotation.next_local_key(settings)
    assert rotation.next_local_key(settings) == key and len(key) == 64
    assert (tmp_path / "pseudonym.key.next").stat().st_mode & 0o077 == 0
    rotation.switch_local_key(settings)
    assert (tmp_path / "pseudonym.key").read_text() == key
    assert rotation.next_local_key(settings) != key
