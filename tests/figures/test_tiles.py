"""The key numbers."""

from pbm360.figures.tiles import tiles
from tests.figures.order_frames import NOW, delivered_order, hours_ago, open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 30, 24, received_at=hours_ago(40), promised_at=hours_ago(25)),
    open_order("A2", 23, 24, received_at=hours_ago(0.5)),
    open_order("A3", 1, 24, received_at=hours_ago(30), shipped_at=hours_ago(0.9)),
    open_order("A4", 2, 24, received_at=hours_ago(30), shipped_at=hours_ago(20)),
    delivered_order("A5", 0.2, True, shipped_at=hours_ago(26)),
    delivered_order("A6", 100, False, shipped_at=hours_ago(120)),
)


def by_key(orders):
    return {tile.key: tile for tile in tiles(orders, NOW)}


def test_each_number_is_what_can_be_counted_by_hand():
    found = by_key(ORDERS)
    assert {key: tile.number for key, tile in found.items()} == {
        "open": 4,
        "breached": 1,
        "at_risk": 1,
        "on_time": 33.3,
        "past_promise": 1,
        "shipped_hour": 1,
        "delivered_hour": 1,
        "median_age": 12.5,
    }


def test_each_tile_says_what_it_is_judged_by():
    assert {key: (tile.text, tile.detail) for key, tile in by_key(ORDERS).items()} == {
        "open": ("4", "1 new in the last hour"),
        "breached": ("1", "25% of open orders"),
        "at_risk": ("1", "next breach in 1.0 h"),
        "on_time": ("33.3 %", "n = 3 promises"),
        "past_promise": ("1", "longest by 25.0 h"),
        "shipped_hour": ("1", "2 in 24 h"),
        "delivered_hour": ("1", "1 in 24 h"),
        "median_age": ("12.5 h", "oldest 30.0 h"),
    }


def test_only_a_number_that_is_bad_has_a_state():
    assert {key for key, tile in by_key(ORDERS).items() if tile.status} == {"breached", "at_risk", "past_promise"}
    assert not any(tile.status for tile in tiles(orders_frame(), NOW))


def test_nothing_to_count_is_no_number_rather_than_a_nought():
    found = by_key(orders_frame())
    assert (found["open"].number, found["on_time"].number, found["median_age"].number) == (0, None, None)
    assert (found["on_time"].text, found["median_age"].text) == ("–", "–")
