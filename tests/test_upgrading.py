"""A warehouse that an earlier version made is brought up to this one: columns, and where an order's events lie."""

import pytest

from pbm360 import medallion
from pbm360.upgrading import TooOld, upgrade
from tests.messages import bronze_row, event
from tests.test_medallion import DAY_19, DAY_27, contents, land

OLD_TABLE = """
    create table pbm_bronze.oms_orders (
        snapshot_date date not null, order_id string not null, patient_id string not null
    )
    partition by snapshot_date
    cluster by order_id
"""
EARLIER = [bronze_row("1", event("a", "oms", "referral_received", "19 09:00"), "19 09:01")]
LATER = [bronze_row("2", event("b", "wms", "shipped", "27 09:00"), "27 09:01", "wms")]


def test_columns_that_came_since_are_added_once_and_take_rows(make_warehouse):
    warehouse = make_warehouse()
    assert upgrade(warehouse) == []
    warehouse.query("drop table pbm_bronze.oms_orders")
    warehouse.query(OLD_TABLE)
    added = upgrade(warehouse)
    assert {"bronze.oms_orders.prescriber_id", "bronze.oms_orders.payer_id"} < set(added)
    warehouse.load_rows(
        "bronze.oms_orders", [{"snapshot_date": DAY_19, "order_id": "A1", "patient_id": "P", "payer_id": "P1"}]
    )
    assert warehouse.read_table("bronze.oms_orders", ["payer_id"])["payer_id"].to_pylist() == ["P1"]
    assert upgrade(warehouse) == []


def test_a_column_that_no_row_may_be_without_is_refused_with_what_to_do(make_warehouse):
    warehouse = make_warehouse()
    warehouse.query("drop table pbm_bronze.oms_orders")
    warehouse.query("create table pbm_bronze.oms_orders (order_id string) cluster by order_id")
    with pytest.raises(TooOld, match="bronze.oms_orders was made by an earlier version and lacks snapshot_date"):
        upgrade(warehouse)


def test_an_order_from_before_is_computed_from_all_of_its_events(make_warehouse):
    ours, earlier = make_warehouse(), make_warehouse()
    for warehouse in (ours, earlier):
        land(warehouse, EARLIER + LATER)
        medallion.build(warehouse, DAY_19)
    for table in ("pbm_silver.order_spans", "pbm_ops.run_event_dates"):  # which an earlier version did not have
        earlier.query(f"delete from {table} where true")
    upgrade(earlier)
    for warehouse in (ours, earlier):
        medallion.build(warehouse, DAY_27)
    [row] = earlier.read_table("gold.fact_order_lifecycle").to_pylist()
    assert (row["event_count"], row["turnaround_hours"]) == (2, 192.0)
    assert contents(earlier) == contents(ours)
