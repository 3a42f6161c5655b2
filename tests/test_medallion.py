"""A day's build: sets of events, however they come, give the same tables; nothing is published past a failed gate."""

import datetime
import hashlib
import itertools

import pytest

from pbm360 import checks, medallion
from pbm360.domain.privacy import pseudonym
from tests.conftest import TEST_KEY
from tests.messages import at, bronze_row, event

DAY_19, DAY_20, DAY_21, DAY_27 = (datetime.date(2026, 11, day) for day in (19, 20, 21, 27))
DAY = datetime.timedelta(days=1)
TABLES = {
    "silver.stg_order_events": "source, event_id",
    "silver.rejected_events": "message_id",
    "silver.order_spans": "order_id",
    "gold.fact_order_lifecycle": "order_id",
    "gold.fact_stage_visits": "order_id, visit_number",
    "gold.fact_patient_feedback": "source, event_id",
    "gold.dim_drugs": "drug_ndc, valid_from",
    "gold.dim_patients": "patient_key, valid_from",
    "gold.dim_pharmacies": "pharmacy_id, valid_from",
}
MESSAGES = [
    bronze_row(
        "10", event("o1", "oms", "referral_received", "19 09:00", patient_id="P1", pharmacy_id="PH1"), "19 09:01"
    ),
    bronze_row("11", event("p1", "payer", "benefits_started", "19 12:00"), "19 12:01", "payer"),
    bronze_row("12", event("p1", "payer", "benefits_started", "19 12:00"), "20 07:00", "payer"),
    bronze_row("13", b'{"specversion": "1.0", "id": ', "20 08:00", "payer"),
    bronze_row("14", event("o2", "oms", "referral_received", "20 09:00", "B2", patient_id="P2"), "20 09:01"),
    bronze_row("15", event("w1", "wms", "Shipped", "21 10:00", carrier="UPS"), "21 10:02", "wms"),
    bronze_row(
        "16", event("c1", "carrier", "delivered", "21 18:00", promised_at="2026-11-21T17:00:00Z"), "21 18:01", "carrier"
    ),
]


SNAPSHOTS = [
    {"snapshot_date": DAY_19, "drug_ndc": "99999000101", "name": "Before"},
    {"snapshot_date": DAY_20, "drug_ndc": "99999000101", "name": "Before"},
    {"snapshot_date": DAY_21, "drug_ndc": "99999000101", "name": "After"},
]


def checksum(rows) -> str:
    """Return the checksum of a table's rows, every column and bit of them."""
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def land(warehouse, rows):
    warehouse.load_rows("bronze.raw_orders", rows)


def contents(warehouse):
    return {
        table: sorted(
            warehouse.read_table(table).to_pylist(),
            key=lambda row, keys=keys: [str(row[k.strip()]) for k in keys.split(",")],
        )
        for table, keys in TABLES.items()
    }


def test_a_day_becomes_rows_that_can_be_worked_out_by_hand(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, MESSAGES)
    reports = medallion.backfill(warehouse, DAY_19, DAY_21)
    assert [(r.new_message_count, r.accepted_count, r.rejected_count, r.touched_order_count) for r in reports] == [
        (2, 2, 0, 1),
        (3, 1, 2, 1),
        (2, 2, 0, 1),
    ]
    orders = {row["order_id"]: row for row in warehouse.read_table("gold.fact_order_lifecycle").to_pylist()}
    first = orders["A1"]
    assert (first["stage"], first["status"], first["carrier"]) == ("DELIVERED", "delivered", "ups")
    assert (first["received_at"], first["shipped_at"], first["delivered_at"]) == (
        at("19 09:00"),
        at("21 10:00"),
        at("21 18:00"),
    )
    assert (first["turnaround_hours"], first["delivery_hours"], first["is_on_time"]) == (49.0, 8.0, False)
    assert first["patient_key"] == pseudonym(TEST_KEY, "P1")
    assert first["event_count"] == 4
    assert (orders["B2"]["stage"], orders["B2"]["sla_due_at"]) == ("RECEIVED", at("20 13:00"))
    refused = {
        row["message_id"]: (row["reason_code"], row["detail"])
        for row in warehouse.read_table("silver.rejected_events").to_pylist()
    }
    assert refused == {"12": ("duplicate", "payer/p1"), "13": ("malformed_json", None)}


def test_visits_are_unbroken_runs_of_one_stage(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, MESSAGES)
    medallion.backfill(warehouse, DAY_19, DAY_21)
    visits = [row for row in contents(warehouse)["gold.fact_stage_visits"] if row["order_id"] == "A1"]
    assert [(row["stage"], row["wait_hours"], row["is_allowed"]) for row in visits] == [
        ("RECEIVED", 3.0, True),
        ("BENEFITS", 46.0, False),
        ("SHIPPED", 8.0, False),
        ("DELIVERED", None, False),
    ]


def test_days_in_any_order_and_twice_give_the_same_tables(make_warehouse):
    orders_of_days = [(DAY_19, DAY_20, DAY_21), (DAY_21, DAY_19, DAY_20, DAY_19), (DAY_20, DAY_20, DAY_21, DAY_19)]
    outcomes = []
    for days in orders_of_days:
        warehouse = make_warehouse()
        land(warehouse, MESSAGES)
        warehouse.load_rows("bronze.oms_drugs", SNAPSHOTS)
        for day in days:
            medallion.build(warehouse, day)
        outcomes.append({table: checksum(rows) for table, rows in contents(warehouse).items()})
    for one, other in itertools.pairwise(outcomes):
        assert one == other


def test_a_gap_filled_later_by_a_range_gives_the_same_tables(make_warehouse):
    outcomes = []
    for ranges in ([(DAY_19, DAY_21)], [(DAY_19, DAY_19), (DAY_21, DAY_21), (DAY_19, DAY_21)]):
        warehouse = make_warehouse()
        land(warehouse, MESSAGES)
        for first, last in ranges:
            medallion.backfill(warehouse, first, last)
        outcomes.append({table: checksum(rows) for table, rows in contents(warehouse).items()})
    assert outcomes[0] == outcomes[1]


def test_a_message_that_shows_long_after_its_stamp_is_caught(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, MESSAGES)
    medallion.backfill(warehouse, DAY_19, DAY_21)
    hours_late = bronze_row("50", event("o5", "oms", "referral_received", "20 09:00", "E5"), "20 09:01")
    days_late = bronze_row("51", event("o6", "oms", "referral_received", "10 09:00", "F6"), "10 09:01")
    land(warehouse, [hours_late, days_late])
    assert medallion.stragglers(warehouse) == {days_late["known_date"]: 1, DAY_20: 1}
    medallion.build(warehouse, DAY_21)  # the overlap of the next build
    assert medallion.stragglers(warehouse) == {days_late["known_date"]: 1}
    assert medallion.catch_up(warehouse) == 1
    assert medallion.stragglers(warehouse) == {}
    orders = warehouse.read_table("gold.fact_order_lifecycle")["order_id"].to_pylist()
    assert sorted(orders) == ["A1", "B2", "E5", "F6"]


def test_a_copy_known_earlier_that_comes_later_takes_the_place_of_the_one_that_stands(make_warehouse):
    warehouse = make_warehouse()
    late, early = bronze_row("31", event("o9", "oms", "referral_received", "20 09:00", "C3"), "20 12:00"), "20 09:01"
    land(warehouse, [late])
    medallion.build(warehouse, DAY_20)
    land(warehouse, [bronze_row("32", event("o9", "oms", "referral_received", "20 08:00", "C3"), early)])
    medallion.build(warehouse, DAY_20)
    standing = warehouse.read_table("silver.stg_order_events").to_pylist()
    assert [(row["message_id"], row["event_at"]) for row in standing] == [("32", at("20 08:00"))]
    assert [row["message_id"] for row in warehouse.read_table("silver.rejected_events").to_pylist()] == ["31"]
    assert warehouse.read_table("gold.fact_order_lifecycle")["received_at"].to_pylist() == [at("20 08:00")]


def test_an_empty_day_builds_and_publishes_nothing(make_warehouse):
    warehouse = make_warehouse()
    report = medallion.build(warehouse, DAY_20)
    assert (report.new_message_count, report.touched_order_count) == (0, 0)
    assert warehouse.read_table("gold.fact_order_lifecycle").num_rows == 0


def test_a_failed_gate_publishes_nothing_and_is_noted(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, MESSAGES)
    run = medallion.land_bronze(warehouse, DAY_20)
    medallion.stage_silver(warehouse, run)
    medallion.stage_gold(warehouse, run)
    broken = warehouse.read_table("staging.fact_order_lifecycle")
    warehouse.load_arrow("staging.fact_order_lifecycle", broken)  # each order twice
    results = checks.run_check(warehouse, "fact_order_lifecycle", staged=True)
    assert [(r.check_name, r.is_failure) for r in results if r.check_name == "one row per order"] == [
        ("one row per order", True)
    ]
    with pytest.raises(checks.CheckFailed, match="one row per order"):
        checks.require_passed(results, "Nothing was published.")
    assert warehouse.read_table("silver.stg_order_events").num_rows == 0


def test_a_step_out_of_turn_is_refused(make_warehouse):
    warehouse = make_warehouse()
    with pytest.raises(medallion.BuildError, match="land bronze first"):
        medallion.current_run(warehouse, DAY_20)
    run = medallion.land_bronze(warehouse, DAY_20)
    with pytest.raises(medallion.BuildError, match="stage silver first"):
        medallion.stage_gold(warehouse, run)


def test_the_ledger_balances_and_counts_a_redelivery_once(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, [*MESSAGES, MESSAGES[2]])
    medallion.backfill(warehouse, DAY_19, DAY_21)
    rows = warehouse.read_table("ops.reconciliation").to_pylist()
    total = {name: sum(row[name] for row in rows) for name in rows[0] if name.endswith("_count")}
    assert total == {
        "received_count": 7,
        "accepted_count": 5,
        "duplicate_count": 1,
        "rejected_count": 1,
        "unaccounted_count": 0,
    }


def again(row: dict, known_at: str) -> dict:
    """Return another delivery of a message, weeks later."""
    late = bronze_row(row["message_id"], row["payload"], known_at, row["source"])
    return {**late, "publish_time": row["publish_time"]}


@pytest.mark.parametrize("days", [(DAY_19, DAY_20, DAY_21, DAY_27), (DAY_27, DAY_21, DAY_19, DAY_20)], ids=str)
def test_a_message_that_comes_again_weeks_later_has_the_verdict_it_had_and_counts_once(days, make_warehouse):
    once, twice = make_warehouse(), make_warehouse()
    land(once, MESSAGES)
    by_id = {row["message_id"]: row for row in MESSAGES}  # one that stands, a duplicate, one refused
    land(twice, [*MESSAGES, *(again(by_id[name], "27 08:00") for name in ("10", "12", "13"))])
    medallion.backfill(once, DAY_19, DAY_21)
    medallion.build(once, DAY_27)
    for day in days:
        medallion.build(twice, day)
    assert contents(twice) == contents(once)
    ledgers = [warehouse.read_table("ops.reconciliation").to_pylist() for warehouse in (twice, once)]
    told = [sorted(str(row | {"reconciled_at": None}) for row in ledger) for ledger in ledgers]
    assert told[0] == told[1]
    assert medallion.stragglers(twice) == {}


def test_copies_that_say_dates_weeks_apart_are_told_apart_by_the_weekly_pass(make_warehouse):
    warehouse = make_warehouse()
    known = datetime.date(2026, 9, 1)  # on 20 November none looks for an event of that day any more
    september = {"known_at": at("1 09:01") - 61 * DAY, "publish_time": at("1 09:01") - 61 * DAY, "known_date": known}
    first = event("o1", "oms", "referral_received", "1 09:00").replace(b"2026-11-01", b"2026-09-01")
    later = event("o1", "oms", "shipped", "20 09:00", "Z9")
    land(warehouse, [bronze_row("1", first, "1 09:01") | september, bronze_row("2", later, "20 09:01")])
    for day in (known, DAY_20):
        medallion.build(warehouse, day)
    assert warehouse.read_table("silver.stg_order_events").num_rows == 2
    medallion.catch_up(warehouse)
    assert warehouse.read_table("silver.stg_order_events")["message_id"].to_pylist() == ["1"]
    assert warehouse.read_table("silver.rejected_events")["message_id"].to_pylist() == ["2"]
    assert warehouse.read_table("gold.fact_order_lifecycle")["order_id"].to_pylist() == ["A1"]
    ledger = {row["known_date"]: row for row in warehouse.read_table("ops.reconciliation").to_pylist()}
    assert (ledger[DAY_20]["accepted_count"], ledger[DAY_20]["duplicate_count"]) == (0, 1)


def test_the_mark_advances_over_contiguous_days_only(make_warehouse):
    warehouse = make_warehouse()
    for day in (DAY_19, DAY_21):
        medallion.build(warehouse, day)
    mark = "select high_water_date from pbm_ops.high_water_mark"
    assert warehouse.query(mark).to_pylist() == [{"high_water_date": DAY_19}]
    medallion.build(warehouse, DAY_20)
    assert warehouse.query(mark).to_pylist() == [{"high_water_date": DAY_21}]


def test_serving_unites_gold_and_what_live_knows_more(make_warehouse):
    warehouse = make_warehouse()
    land(warehouse, MESSAGES[:2])
    medallion.build(warehouse, DAY_19)
    live = warehouse.read_table("silver.stg_order_events").to_pylist()
    news = live[0] | {
        "event_id": "x1",
        "source": "wms",
        "event_type": "shipped",
        "stage": "SHIPPED",
        "stage_order": 120,
    }
    news |= {"event_at": at("20 10:00"), "event_date": DAY_20, "known_at": at("20 10:01"), "message_id": "90"}
    warehouse.load_rows("live.order_events", [*live, news, news, news | {"event_id": "x2", "order_id": "Z9"}])
    served = {row["order_id"]: row for row in warehouse.query("select * from pbm_serving.order_lifecycle").to_pylist()}
    assert (served["A1"]["stage"], served["A1"]["event_count"]) == ("SHIPPED", 3)
    assert served["Z9"]["stage"] == "SHIPPED"
    assert len(served) == 2


def test_a_correction_removes_or_replaces_what_it_names(make_warehouse):
    warehouse = make_warehouse()
    land(
        warehouse,
        [
            bronze_row("40", event("c1", "carrier", "delivered", "20 09:00"), "20 09:01"),
            bronze_row(
                "41",
                event("c2", "carrier", "delivered", "20 09:00", corrects_id="c1", correction_reason="did_not_occur"),
                "20 10:00",
            ),
            bronze_row("42", event("w1", "wms", "shipped", "20 07:00"), "20 07:01"),
            bronze_row(
                "43",
                event("w2", "wms", "shipped", "20 06:00", corrects_id="w1", correction_reason="incorrect_data"),
                "20 08:00",
            ),
        ],
    )
    medallion.build(warehouse, DAY_20)
    [order] = warehouse.read_table("gold.fact_order_lifecycle").to_pylist()
    assert (order["stage"], order["delivered_at"], order["shipped_at"], order["event_count"]) == (
        "SHIPPED",
        None,
        at("20 06:00"),
        1,
    )


def test_no_identifier_reaches_silver_or_gold(make_warehouse):
    warehouse = make_warehouse()
    land(
        warehouse,
        [
            bronze_row(
                "50",
                event("o1", "oms", "referral_received", "20 09:00", patient_id="SECRET-7", tracking_number="1Z-SECRET"),
                "20 09:01",
            )
        ],
    )
    medallion.build(warehouse, DAY_20)
    text = str(contents(warehouse))
    assert "SECRET" not in text
    assert "SECRET-7" in str(warehouse.read_table("vault.patient_keys").to_pylist())
