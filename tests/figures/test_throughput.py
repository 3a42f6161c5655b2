"""Throughput by the hour."""

import datetime

from pbm360.figures.throughput import count_by_hour, throughput
from tests.figures.order_frames import NOW, hours_ago, orders_frame

ORDERS = orders_frame(
    {"order_id": "A1", "received_at": hours_ago(1), "shipped_at": hours_ago(0.1)},
    {"order_id": "A2", "received_at": hours_ago(1.2), "shipped_at": hours_ago(1), "delivered_at": hours_ago(0.75)},
    {"order_id": "A3", "received_at": hours_ago(300), "shipped_at": hours_ago(-5)},
)


def test_orders_are_counted_in_the_clock_hour_of_each_milestone():
    counts = count_by_hour(ORDERS, NOW, hours=2)
    assert [hour.hour for hour in counts.index] == [10, 11, 12]
    assert list(counts["received"]) == [0, 2, 0]
    assert list(counts["shipped"]) == [0, 1, 1]
    assert list(counts["delivered"]) == [0, 1, 0]


def test_what_lies_after_the_moment_is_not_counted():
    assert int(count_by_hour(ORDERS, NOW, hours=2)["shipped"].sum()) == 2
    assert int(count_by_hour(ORDERS, NOW + datetime.timedelta(hours=6), hours=7)["shipped"].sum()) == 3


def test_the_running_hour_is_pale_and_no_line_falls_into_it():
    figure = throughput(ORDERS, NOW).figure()
    shipped, received, delivered = figure.data
    assert (shipped.type, len(shipped.x), shipped.x[-1]) == ("bar", 49, "2026-11-20 12:00")
    assert (shipped.marker.opacity[-2], shipped.marker.opacity[-1]) == (1.0, 0.45)
    assert (shipped.y[-1], shipped.y[-2]) == (1, 1)
    assert (received.x[-1], received.y[-1], delivered.y[-1]) == ("2026-11-20 11:00", 2, 1)
    assert figure.layout.title.text == "Do shipments keep up with arrivals?"
    assert (
        figure.layout.title.subtitle.text
        == "2 received · 1 shipped · 1 delivered in 24 h · backlog before shipping 0 (-1 in 24 h)"
    )
    assert figure.layout.yaxis.title.text == "orders per hour"


def test_no_milestone_in_two_days_is_said():
    figure = throughput(orders_frame({"order_id": "A1", "received_at": hours_ago(300)}), NOW).figure()
    assert figure.layout.annotations[0].text == "Nothing was received, shipped or delivered in 48 hours"
    assert throughput(orders_frame(), NOW).figure().layout.annotations[0].text.startswith("Nothing was received")
