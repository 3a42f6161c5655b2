"""The filters' choices."""

from pbm360.operations.choices import matching, offers
from tests.figures.order_frames import open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 1, 24, pharmacy_id="PH1", pharmacy="Harbor", carrier="ups", drug="HUMIRA", therapy="ms"),
    open_order("A2", 1, 24, pharmacy_id="PH2", pharmacy="Alpine", carrier="ups", drug="ENBREL", therapy="ms"),
    open_order("A3", 1, 24, pharmacy_id="PH1", pharmacy="Harbor", priority="urgent"),
).assign(open_stage="FILL", exception=None, exception_label=None)


def chosen_orders(chosen, **options):
    return list(matching(ORDERS, chosen, **options)["order_id"])


def test_the_values_that_occur_are_offered_by_name():
    offered = {entry["key"]: entry["options"] for entry in offers(ORDERS)}
    assert offered["pharmacy"] == [["PH2", "Alpine"], ["PH1", "Harbor"]]
    assert offered["carrier"] == [["ups", "UPS"]]
    assert offered["priority"] == [["urgent", "Urgent"]]
    assert offered["stage"] == [["FILL", "Fill"]]
    assert offered["exception"] == []


def test_choices_narrow_together_and_one_may_be_left_out():
    assert chosen_orders({}) == ["A1", "A2", "A3"]
    assert chosen_orders({"pharmacy": "PH1"}) == ["A1", "A3"]
    assert chosen_orders({"pharmacy": "PH1", "carrier": "ups"}) == ["A1"]
    assert chosen_orders({"pharmacy": "PH1", "carrier": "ups"}, but="pharmacy") == ["A1", "A2"]


def test_no_orders_offer_nothing():
    assert all(entry["options"] == [] for entry in offers(ORDERS.iloc[:0]))
