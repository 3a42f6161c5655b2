"""The filter bar."""

import pytest
import traitlets

from pbm360.widgets.filters import FilterBar


def offered(*pharmacies):
    names = {"PH1": "Harbor", "PH2": "Alpine"}
    options = [[key, names[key]] for key in pharmacies]
    return [{"key": "pharmacy", "label": "Pharmacy", "all_label": "All", "options": options}]


@pytest.fixture
def bar():
    filters = FilterBar()
    filters.offer(offered("PH1", "PH2"))
    return filters


@pytest.mark.parametrize(
    "hostile", [{"pharmacy": "PH9"}, {"order_id": "A1"}, {"pharmacy": "PH1' or 1=1"}, {"__class__": "x"}]
)
def test_what_no_drop_down_offers_is_dropped(bar, hostile):
    bar.chosen = hostile
    assert bar.chosen == {}


@pytest.mark.parametrize("hostile", [["PH1"], "PH1", {"pharmacy": 7}, {"pharmacy": {"a": 1}}])
def test_what_is_no_choice_at_all_is_refused(bar, hostile):
    with pytest.raises(traitlets.TraitError):
        bar.chosen = hostile


def test_a_choice_stays_when_its_value_is_gone_until_it_is_taken_back(bar):
    bar.chosen = {"pharmacy": "PH2"}
    for _ in range(2):
        bar.offer(offered("PH1"))
        assert bar.chosen == {"pharmacy": "PH2"}
        assert bar.filters[0]["options"] == [["PH1", "Harbor"], ["PH2", "Alpine"]]
    bar.chosen = {}
    bar.offer(offered("PH1"))
    assert bar.filters[0]["options"] == [["PH1", "Harbor"]]


def test_choosing_again_takes_the_choice_back(bar):
    bar.choose("pharmacy", "PH1")
    assert bar.pairs() == (("pharmacy", "PH1"),)
    bar.choose_label("pharmacy", "Alpine")
    assert bar.chosen == {"pharmacy": "PH2"}
    bar.choose_label("pharmacy", {"a": "label"})
    assert bar.chosen == {"pharmacy": "PH2"}
    bar.choose("pharmacy", "PH2")
    assert bar.chosen == {}
