"""Expected delivery by the empirical conditional distribution."""

import numpy as np
import pandas as pd
import pytest

from pbm360.operations.expected_delivery import expected_hours, remaining_by_stage, with_expectations
from tests.figures.order_frames import NOW, delivered_order, hours_ago, open_order, orders_frame

TIMES = {"FILL": np.arange(1.0, 101.0)}  # deliveries took 1, 2, ... 100 hours from entering Fill


@pytest.mark.parametrize(
    ("age", "share", "right"),
    [(0, 0.5, 50), (0, 0.9, 90), (50, 0.5, 25), (50, 0.9, 45), (99, 0.9, 1), (100, 0.5, np.nan), (140, 0.5, np.nan)],
)
def test_the_remaining_time_is_that_of_deliveries_that_took_longer_than_the_age(age, share, right):
    orders = orders_frame(open_order("A1", age, 24))
    assert expected_hours(orders, TIMES, (share,))[0].iloc[0] == pytest.approx(right, nan_ok=True)


def test_closed_orders_and_stages_without_history_have_no_expectation():
    orders = orders_frame(
        open_order("A1", 1, 24, stage="QA"), delivered_order("D1", 1, True), open_order("U1", None, None)
    )
    assert expected_hours(orders, TIMES, (0.5,))[0].isna().all()


def test_a_stage_with_few_deliveries_says_nothing():
    frame = pd.DataFrame(
        {"stage": ["FILL"] * 3 + ["QA"] * 3, "visit_count": [10] * 3 + [9] * 3, "remaining_hours": [3.0, 1.0, 2.0] * 2}
    )
    assert {stage: list(times) for stage, times in remaining_by_stage(frame).items()} == {"FILL": [1.0, 2.0, 3.0]}


def test_the_state_compares_promise_and_expectation():
    class Background:
        risk = None
        remaining = pd.DataFrame({"stage": "FILL", "visit_count": 1, "remaining_hours": np.arange(1.0, 101.0)})
        supplies = pd.DataFrame({"order_id": ["C"], "runout_at": [pd.Timestamp(hours_ago(-24 * 5))]})

    orders = orders_frame(
        open_order("A", 0, 24, promised_at=hours_ago(1)),
        open_order("B", 0, 24, promised_at=hours_ago(-40)),
        open_order("C", 0, 24, promised_at=hours_ago(-60)),
        open_order("D", 0, 24, promised_at=hours_ago(-95)),
        open_order("E", 0, 24),
    )
    found = with_expectations(orders, Background, NOW).set_index("order_id")
    assert list(found["delivery_state"]) == ["late", "likely_late", "at_risk", "on_course", None]
    assert found.loc["C", "slack_days"] == pytest.approx(5 - 90 / 24)
    assert list(found["gap"]) == [None, None, "amber", None, None]


@pytest.mark.parametrize(
    ("scored_hours_ago", "p50_in_hours", "p90_in_hours", "expected_in_hours"),
    [
        (0.5, 20, 30, (20, 30)),
        (1.01, 20, 30, (50, 90)),  # too old
        (0.5, -1, 30, (50, 90)),  # it should have come
        (0.5, -2, -1, (50, 90)),
        (0.5, None, None, (50, 90)),
    ],
)
def test_a_forecast_that_is_old_or_has_not_come_true_gives_way_to_the_history(
    scored_hours_ago, p50_in_hours, p90_in_hours, expected_in_hours
):
    class Background:
        remaining = pd.DataFrame({"stage": "FILL", "visit_count": 1, "remaining_hours": np.arange(1.0, 101.0)})
        supplies = pd.DataFrame({"order_id": [], "runout_at": []})
        risk = pd.DataFrame({"order_id": ["A"], "scored_at": [pd.Timestamp(hours_ago(scored_hours_ago))]})

    for name, hours in (("eta_p50_at", p50_in_hours), ("eta_p90_at", p90_in_hours)):
        moment = pd.NaT if hours is None else pd.Timestamp(hours_ago(-hours))
        Background.risk[name] = pd.to_datetime(pd.Series([moment]), utc=True)
    row = with_expectations(orders_frame(open_order("A", 0, 24)), Background, NOW).iloc[0]
    found = tuple((row[name] - pd.Timestamp(NOW)) / pd.Timedelta(hours=1) for name in ("eta_p50_at", "eta_p90_at"))
    assert found == pytest.approx(expected_in_hours)


def test_a_stale_forecast_hides_no_promise_that_will_be_missed():
    class Background:
        remaining = pd.DataFrame({"stage": "FILL", "visit_count": 1, "remaining_hours": np.arange(1.0, 101.0)})
        supplies = pd.DataFrame({"order_id": [], "runout_at": []})
        risk = pd.DataFrame(
            {
                "order_id": ["A"],
                "scored_at": [pd.Timestamp(hours_ago(9))],
                "eta_p50_at": [pd.Timestamp(hours_ago(-1))],
                "eta_p90_at": [pd.Timestamp(hours_ago(-2))],
            }
        )

    orders = orders_frame(open_order("A", 0, 24, promised_at=hours_ago(-10)))
    assert with_expectations(orders, Background, NOW)["delivery_state"].tolist() == ["likely_late"]
