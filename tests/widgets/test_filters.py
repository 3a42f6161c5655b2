"""The filters."""

import pytest
import traitlets

from pbm360.widgets.filters import FilterBar
from tests.figures.order_frames import open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 1, 24, pharmacy_id="PH1", pharmacy="Harbor", carrier="ups", drug="HUMIRA", therapy="ms"),
    open_order("A2", 1, 24, pharmacy_id="PH2", pharmacy="Alpine", carrier="ups", drug="ENBREL", therapy="ms"),
    open_order("A3", 1, 24, pharmacy_id="PH1", pharmacy="Harbor", priority="urgent"),
)


@pytest.fixture
def bar():
    filters = FilterBar()
    filters.offer(ORDERS)
    return filters


def chosen_orders(bar):
    return list(bar.apply(ORDERS)["order_id"])


def test_the_values_that_occur_are_offered_by_name(bar):
    offered = {entry["key"]: entry["options"] for entry in bar.filters}
    assert offered["pharmacy"] == [["PH2", "Alpine"], ["PH1", "Harbor"]]
    assert offered["carrier"] == [["ups", "UPS"]]
    assert offered["priority"] == [["urgent", "Urgent"]]


def test_nothing_chosen_shows_every_order(bar):
    assert chosen_orders(bar) == ["A1", "A2", "A3"]


def test_choices_narrow_together(bar):
    bar.chosen = {"pharmacy": "PH1"}
    assert chosen_orders(bar) == ["A1", "A3"]
    bar.chosen = {"pharmacy": "PH1", "carrier": "ups"}
    assert chosen_orders(bar) == ["A1"]


@pytest.mark.parametrize(
    "hostile", [{"pharmacy": "PH9"}, {"order_id": "A1"}, {"pharmacy": "PH1' or 1=1"}, {"__class__": "x"}]
)
def test_what_no_drop_down_offers_is_dropped(bar, hostile):
    bar.chosen = hostile
    assert bar.chosen == {}
    assert chosen_orders(bar) == ["A1", "A2", "A3"]


@pytest.mark.parametrize("hostile", [["PH1"], "PH1", {"pharmacy": 7}, {"pharmacy": {"a": 1}}])
def test_what_is_no_choice_at_all_is_refused(bar, hostile):
    with pytest.raises(traitlets.TraitError):
        bar.chosen = hostile


def test_a_choice_whose_value_is_gone_is_taken_back(bar):
    bar.chosen = {"pharmacy": "PH2"}
    bar.offer(ORDERS[ORDERS["pharmacy_id"] == "PH1"])
    assert bar.chosen == {}


def test_no_orders_offer_nothing():
    bar = FilterBar()
    bar.offer(orders_frame())
    assert all(entry["options"] == [] for entry in bar.filters)
