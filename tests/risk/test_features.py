"""Features of an instant hold what was known then and nothing else, by whichever of the three ways they are read."""

import datetime

import pandas as pd
import pytest

from pbm360 import medallion
from pbm360.risk.leakage import Leak, features_as_of, require_no_leak
from pbm360.risk.training import read_features, read_outcomes
from pbm360.risk.worlds import load_world, true_ends
from pbm360.simulate import SimulationParameters, simulate
from tests.messages import simulated_row
from tests.risk.conftest import END

DAY = datetime.timedelta(days=1)
INSTANTS = [END - 20 * DAY, END - 13 * DAY - datetime.timedelta(hours=9), END - 2 * DAY]
OF_SEVERAL_WAYS = ["order_id", "kind", "stage", "stage_entered_at", "due_at", "promised_at", "path", "ahead_count"]


def by_order(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("order_id").reset_index(drop=True)


def test_several_instants_in_one_pass_show_what_each_shows_alone(world):
    together = read_features(world, INSTANTS)
    for instant in INSTANTS:
        alone = by_order(features_as_of(world, instant).drop(columns="runout_at"))
        assert len(alone) > 100
        part = by_order(together[together["as_of"] == pd.Timestamp(instant)])
        pd.testing.assert_frame_equal(part, alone)


def test_now_is_the_instant_at_which_all_is_known(world):
    now = by_order(world.run("risk/features_now.sql", {"now": END}).to_pandas())
    machine = by_order(features_as_of(world, END))
    open_orders = machine[machine["order_id"].isin(now["order_id"])]
    assert len(now) == len(machine) == len(open_orders) > 100
    pd.testing.assert_frame_equal(now[OF_SEVERAL_WAYS], machine[OF_SEVERAL_WAYS])


def test_a_world_laid_into_silver_is_the_one_that_the_build_makes(make_warehouse):
    """Event by event in what a forecast reads; the build knows more columns, and when it ran."""
    simulation = simulate(SimulationParameters(orders=80, days=2, end=END, seed=3))
    built, laid = make_warehouse(), make_warehouse()
    for warehouse in (built, laid):
        medallion.prepare(warehouse)
    rows = [simulated_row(number, message) for number, message in enumerate(simulation.messages())]
    built.load_rows("bronze.raw_orders", rows)
    medallion.build(built, END.date())
    load_world(laid, simulation)
    names = ["source", "event_id", "event_type", "event_at", "known_at", "stage", "order_id", "priority", "carrier"]
    names += ["fill_number", "is_reship", "promised_at", "days_supply", "patient_key", "pharmacy_id", "decision"]
    built_events, laid_events = (
        source.read_table("silver.stg_order_events").to_pandas()[names].sort_values(names[:2]).reset_index(drop=True)
        for source in (built, laid)
    )
    pd.testing.assert_frame_equal(built_events, laid_events)


def test_the_features_know_nothing_of_the_future(world):
    assert require_no_leak(world, INSTANTS[0]) > 100


def test_a_feature_from_the_future_is_caught(world, past):
    ends = true_ends(past).set_index("order_id")["left_at"]

    def leaking(warehouse, as_of):
        known = warehouse.read_table("live.order_events", ["order_id", "event_at", "stage"]).to_pandas()
        shipped = known[known["stage"] == "SHIPPED"].groupby("order_id")["event_at"].min()
        features = features_as_of(warehouse, as_of)
        return features.assign(hours_to_ship=features["order_id"].map(shipped) - pd.Timestamp(as_of))

    assert ends.notna().any()
    with pytest.raises(Leak, match=r"hours_to_ship of 2026-10-31 15:00 hold what became known later"):
        require_no_leak(world, INSTANTS[0], leaking)


def test_orders_that_only_the_future_closes_are_caught(world):
    def leaking(warehouse, as_of):
        features = features_as_of(warehouse, as_of)
        ended = read_outcomes(warehouse, as_of, END).dropna(subset="delivered_at")["order_id"]
        return features[~features["order_id"].isin(ended)]

    with pytest.raises(Leak, match=r"orders are open as of 2026-10-31 15:00 in one past alone"):
        require_no_leak(world, INSTANTS[0], leaking)


def test_outcomes_are_what_truly_happened_as_far_as_scans_told(world, past):
    told = read_outcomes(world, END - 40 * DAY, END).set_index("order_id")
    true = true_ends(past).set_index("order_id").reindex(told.index)
    both = told["left_at"].notna() & true["left_at"].notna()
    assert both.sum() > 1000
    late = (told.loc[both, "left_at"] - true.loc[both, "left_at"]) / pd.Timedelta(hours=1)
    assert (late == 0).mean() > 0.85  # where the dock's scan is missing the carrier's tells, later
    assert (late > 0).sum() > (late < 0).sum() > 0  # and some clocks run ahead
