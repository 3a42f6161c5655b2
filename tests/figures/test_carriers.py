"""Promises kept by carrier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.figures.carriers import carrier_board, on_time_by_carrier, promised_orders, wilson_interval
from tests.figures.order_frames import NOW, delivered_order, hours_ago, open_order, orders_frame

ORDERS = orders_frame(
    delivered_order("A1", 5, True, carrier="ups"),
    delivered_order("A2", 5, True, carrier="ups"),
    delivered_order("A3", 5, False, carrier="ups"),
    delivered_order("A4", 5, True, carrier="fedex"),
    delivered_order("A5", 24 * 8, False, carrier="fedex"),
    delivered_order("A6", 5, None, carrier="fedex"),
    open_order("A7", 3, 24, carrier="ups", promised_at=hours_ago(1)),
    open_order("A8", 3, 24, carrier="ups", promised_at=hours_ago(-1)),
    open_order("A9", 3, 24, promised_at=hours_ago(2)),
)


def test_on_time_is_judged_by_recent_deliveries_and_by_open_orders_past_their_promise():
    judged = promised_orders(ORDERS, NOW)
    assert dict(zip(judged["order_id"], judged["is_kept"], strict=True)) == {
        "A1": True,
        "A2": True,
        "A3": False,
        "A4": True,
        "A7": False,
        "A9": False,
    }


def test_each_carrier_has_its_share_with_n_the_best_first():
    found = on_time_by_carrier(ORDERS, NOW)
    assert found[["carrier", "n", "kept", "share"]].to_dict("records") == [
        {"carrier": "FedEx", "n": 1, "kept": 1, "share": 1.0},
        {"carrier": "UPS", "n": 4, "kept": 2, "share": 0.5},
        {"carrier": "No carrier yet", "n": 1, "kept": 0, "share": 0.0},
    ]


def test_few_orders_are_drawn_hollow_and_n_stands_beside_the_name():
    figure = carrier_board(ORDERS, NOW).figure()
    assert list(figure.data[0].x) == [100.0, 50.0, 0.0]
    assert set(figure.data[0].marker.color) == {"#ffffff"}
    assert "n = 4" in figure.layout.yaxis.ticktext[1]
    assert figure.layout.title.subtitle.text == "50.0 % of 6 promises, 7 days (dashed)"


def test_no_promise_is_said():
    assert carrier_board(orders_frame(), NOW).figure().layout.annotations[0].text == "No promise fell due in 7 days"


def test_the_interval_of_nine_of_ten_is_wilsons():
    assert wilson_interval(9, 10) == (pytest.approx(0.5958, abs=1e-4), pytest.approx(0.9821, abs=1e-4))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_interval_holds_the_share_and_stays_between_none_and_all(n, share):
    kept = round(share * n)
    low, high = wilson_interval(kept, n)
    assert 0 <= low <= kept / n + 1e-12
    assert kept / n - 1e-12 <= high <= 1
