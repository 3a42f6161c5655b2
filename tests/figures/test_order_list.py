"""The orders that need someone."""

from pbm360.figures.order_list import order_rows
from tests.figures.order_frames import delivered_order, hours_ago, open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 30, 24, carrier="ups", pharmacy="Harbor", drug="HUMIRA", priority="urgent"),
    open_order("A2", 100, 24),
    open_order("A3", 20, 24),
    open_order("A4", 1, 24),
    open_order("A5", None, None),
    delivered_order("A6", 3, True),
)


def at(hours):
    return hours_ago(hours).isoformat(timespec="seconds")


def test_the_longest_overdue_comes_first():
    rows = order_rows(ORDERS, overdue=True, count=10)
    assert [(row["order_id"], row["due_at"]) for row in rows] == [("A2", at(76)), ("A1", at(6))]


def test_the_next_to_breach_comes_first():
    assert [row["order_id"] for row in order_rows(ORDERS, overdue=False, count=10)] == ["A3", "A4"]
    assert [row["order_id"] for row in order_rows(ORDERS, overdue=False, count=1)] == ["A3"]


def test_a_row_has_texts_without_nulls_and_the_instants_that_its_hours_are_counted_from():
    assert order_rows(ORDERS, overdue=True, count=10)[1] == {
        "order_id": "A1",
        "stage_label": "Fill",
        "pharmacy": "Harbor",
        "drug": "HUMIRA",
        "carrier": "UPS",
        "priority": "urgent",
        "risk": "breached",
        "what": "",
        "action": "",
        "entered_at": at(30),
        "due_at": at(6),
    }
    assert order_rows(ORDERS, overdue=True, count=10)[0]["carrier"] == ""


def test_an_empty_frame_gives_no_rows():
    assert order_rows(orders_frame(), overdue=True, count=10) == []
