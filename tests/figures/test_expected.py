"""Expected delivery against the promise: no promised order is left out."""

import json

import numpy as np
import pandas as pd

from pbm360.figures.expected import count_by_state, expected_board
from pbm360.figures.style import STATUSES
from pbm360.operations.expected_delivery import with_expectations
from tests.figures.order_frames import NOW, delivered_order, hours_ago, open_order, orders_frame


class History:
    """Deliveries took 1 to 100 hours from entering Fill; nothing else is known."""

    remaining = pd.DataFrame({"stage": "FILL", "visit_count": 1, "remaining_hours": np.arange(1.0, 101.0)})
    supplies = pd.DataFrame({"order_id": [], "runout_at": []})
    risk = None


class NoHistory(History):
    remaining = History.remaining.iloc[:0]


ORDERS = orders_frame(
    open_order("late", 0, 24, promised_at=hours_ago(1)),
    open_order("on course", 0, 24, promised_at=hours_ago(-95)),
    open_order("stuck", 300, 24, promised_at=hours_ago(-5)),  # for longer than any delivery took
    open_order("nowhere", None, None, promised_at=hours_ago(-5)),
    open_order("without promise", 0, 24),
    delivered_order("D1", 1, True, promised_at=hours_ago(-5)),
)


def board(orders, history):
    return json.loads(expected_board(with_expectations(orders, history, NOW)).to_json())


def test_orders_that_no_history_tells_of_count_among_the_promised():
    counts = count_by_state(with_expectations(ORDERS, History, NOW))
    assert counts.to_dict() == {"late": 1, "likely_late": 0, "at_risk": 0, "on_course": 1, "unknown": 2}
    drawn = board(ORDERS, History)
    (bar,) = drawn["data"]
    assert (bar["y"][-1], bar["x"][-1]) == ("No expectation", 2)
    assert bar["marker"]["color"][-1] == STATUSES["untimed"].colour
    assert drawn["layout"]["title"]["subtitle"]["text"] == "4 of 5 open orders have a promise"


def test_a_new_site_has_promises_although_it_has_no_history():
    drawn = board(ORDERS, NoHistory)
    assert dict(zip(drawn["data"][0]["y"], drawn["data"][0]["x"], strict=True)) == {
        "Late already": 1,
        "Rather late (p50)": 0,
        "Perhaps late (p90)": 0,
        "On course": 0,
        "No expectation": 3,
    }


def test_the_grey_bar_is_drawn_only_where_it_counts_something():
    assert "No expectation" not in board(ORDERS.iloc[:2], History)["data"][0]["y"]


def test_without_a_promise_the_board_says_so():
    without = board(ORDERS.iloc[4:], History)["layout"]["annotations"][0]["text"]
    assert without == "No open order has a promise yet"
    assert board(ORDERS.iloc[5:], History)["layout"]["annotations"][0]["text"] == "No open orders match"
