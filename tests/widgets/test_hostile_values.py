"""Whatever a page writes into whichever trait, its kernel shows what the reading process said, and goes on."""

import json

import pytest

from pbm360.command_center import CommandCenter
from pbm360.operations.desk import VIEW_FILE, desk_folder, write_json
from pbm360.settings import Settings
from pbm360.widgets.drawer import OrderDrawer
from pbm360.widgets.filters import FilterBar
from pbm360.widgets.look_back import LookBack
from pbm360.widgets.page import PageHead
from pbm360.widgets.plot import PlotPanel
from pbm360.widgets.since import SincePanel
from pbm360.widgets.table import TablePanel
from pbm360.widgets.tiles import KpiTiles

FILTERS = [{"key": "pharmacy", "label": "Pharmacy", "all_label": "All", "options": [["PH1", "Harbor"]]}]
MAKERS = {
    "drawer": OrderDrawer,
    "filters": FilterBar,
    "look_back": lambda: LookBack(14),
    "page": lambda: PageHead("Title", "Which?"),
    "plot": lambda: PlotPanel(key="stages"),
    "since": SincePanel,
    "table": lambda: TablePanel("orders", "Which?", [("order_id", "Order", "open")]),
    "tiles": KpiTiles,
}
WRITABLE = {("filters", "chosen"), ("look_back", "moment")}
TRAITS = [(name, trait) for name, make in MAKERS.items() for trait in make().keys]
HOSTILE = (
    None,
    "",
    "x" * 100_000,
    "\x00",
    "'; drop table orders; --",
    "<script>alert(1)</script>",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    7,
    -1,
    1e308,
    True,
    [],
    [7],
    [None],
    [{}],
    [{"key": "pharmacy"}],
    [{"key": ["a"], "options": [["PH9", "Evil", "more"]]}],
    {},
    {"pharmacy": "PH9"},
    {"pharmacy": 7},
    {"pharmacy": {"a": []}},
    {"__class__": "x"},
    "IPY_MODEL_0",
)


def state_of(widget):
    return json.dumps(widget.get_state(), default=str, sort_keys=True)


@pytest.mark.parametrize(("name", "trait"), [pair for pair in TRAITS if pair not in WRITABLE])
def test_a_page_writes_no_trait_that_it_is_only_shown(name, trait):
    widget = MAKERS[name]()
    before = state_of(widget)
    for value in HOSTILE:
        widget.set_state({trait: value})
    assert state_of(widget) == before


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:40])
def test_what_a_page_may_write_is_held_against_what_is_offered(value):
    bar, slider = FilterBar(), LookBack(14)
    bar.offer(FILTERS)
    bar.set_state({"chosen": {"pharmacy": "PH1"}})
    bar.set_state({"chosen": value, "filters": [{"key": "pharmacy", "options": [["PH9", "Evil"]]}]})
    assert bar.chosen in ({"pharmacy": "PH1"}, {})
    slider.set_state({"moment": "2026-11-20T13:00:00.000Z"})
    slider.set_state({"moment": value})
    assert slider.moment in ("2026-11-20T13:00:00+00:00", "")
    assert slider.chosen() is None or slider.chosen().tzinfo is not None


def test_a_page_that_was_written_into_still_refreshes(tmp_path):
    settings = Settings(state_dir=tmp_path)
    view = {"as_of": "2026-11-20T13:00:00+00:00", "chips": [], "filters": FILTERS, "tiles": []}
    write_json(desk_folder(settings) / VIEW_FILE, view | {"figures": {}, "tables": {}, "changes": {}})
    center = CommandCenter(settings)
    center.refresh()
    widgets = (center.head, center.filters, center.drawer, center.look_back, center.since, center.key_numbers)
    for widget in (*widgets, *center.plots.values(), *center.tables.values()):
        for trait in widget.keys:
            for value in HOSTILE:
                widget.set_state({trait: value})
                widget.set_state({trait: value, "filters": value, "order_id": value, "chosen": value})
    center.refresh()
    assert (center.filters.filters, center.filters.chosen, center.drawer.order_id) == (FILTERS, {}, "")
