"""A study is a world apart: built from a simulation, replaced by the next, and the workbench's own tables stay."""

import datetime
from dataclasses import replace

import bigframes.pandas
import pytest

from pbm360.frames import read_frame
from pbm360.scratch import forget_scratch
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters
from pbm360.study import build_study
from pbm360.trust import measure_exactness
from pbm360.warehouse import Warehouse

END = datetime.datetime(2026, 11, 18, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def studies(make_warehouse):
    """A workbench's warehouse, and two studies made beside it, the second in place of the first."""
    own = make_warehouse()
    first = build_study(own.settings, SimulationParameters(orders=40, days=3, end=END, seed=1))
    first_orders = set(first.read_table("gold.fact_order_lifecycle").column("order_id").to_pylist())
    second = build_study(own.settings, SimulationParameters(orders=30, days=3, end=END, seed=2))
    return own, first_orders, second


def test_a_study_holds_its_own_orders_alone(studies):
    own, first_orders, second = studies
    orders = set(second.read_table("gold.fact_order_lifecycle").column("order_id").to_pylist())
    assert len(orders) >= 30 and not orders & first_orders
    assert own.read_table("gold.fact_order_lifecycle").num_rows == 0
    assert own.read_table("bronze.raw_orders").num_rows == 0


def test_only_a_study_is_ever_dropped(studies):
    with pytest.raises(ValueError, match="only datasets of a study or a replay are dropped; got 'pbm_bronze'"):
        forget_scratch(studies[0])


def test_the_ledger_of_a_study_balances_and_its_seam_holds(studies):
    exactness = measure_exactness(studies[2])
    assert exactness["messages in the ledger"] > 50
    assert exactness["messages that it doesn't account for"] == 0
    assert exactness["orders that differ between them"] == 0


def test_frames_of_two_tables_can_be_joined_on_a_laptop(studies):
    orders = read_frame(studies[2], "gold.fact_order_lifecycle", ["order_id", "stage"])
    stages = read_frame(studies[2], "gold.dim_stages", ["stage", "label"])
    assert orders.merge(stages, on="stage").shape == (orders.shape[0], 3)


def test_a_frame_on_gcp_is_asked_of_bigquery_by_the_tables_full_name(monkeypatch):
    asked = []
    monkeypatch.setattr(bigframes.pandas, "read_gbq", lambda name, columns: asked.append((name, columns)))
    warehouse = Warehouse.__new__(Warehouse)
    warehouse.settings = replace(Settings(), target="gcp", project="my-project")
    read_frame(warehouse, "gold.dim_stages", ["stage"])
    assert asked == [("my-project.pbm_gold.dim_stages", ["stage"])]
