"""The panels: a chart, the tiles, the table, and the grid that they stand on."""

import json
from dataclasses import asdict

import plotly.graph_objects as go
import pytest

from pbm360.figures.tiles import Tile
from pbm360.widgets.drawer import OrderDrawer
from pbm360.widgets.layout import grid, page, stack
from pbm360.widgets.look_back import LookBack
from pbm360.widgets.plot import PlotPanel
from pbm360.widgets.table import TablePanel
from pbm360.widgets.tiles import KpiTiles


def messages_of(widget, trait):
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), trait)
    return seen


def test_a_chart_is_sent_as_data_alone_and_only_when_it_changed():
    panel = PlotPanel(key="stages")
    sent = messages_of(panel, "figure")
    for count in (1, 1, 2):
        panel.show(go.Figure(go.Bar(x=["a"], y=[count])).to_json())
    assert [json.loads(figure)["data"][0]["y"] for figure in sent] == [[1], [2]]
    assert len(panel.figure) < 20_000  # no library in it


def test_tiles_carry_the_exact_number_beside_its_text():
    widget = KpiTiles()
    widget.show([asdict(Tile("open", "Open orders", 2521, "2,521", "35 new", "", (1, 2))) | {"trend": [1, 2]}])
    assert widget.tiles == [
        {
            "key": "open",
            "label": "Open orders",
            "number": 2521,
            "text": "2,521",
            "detail": "35 new",
            "status": "",
            "trend": [1, 2],
        }
    ]


def test_a_table_shows_lists_and_hears_only_what_opens_a_row():
    table, opened = TablePanel("orders", "Which?", [("order_id", "Order", "open")]), []
    table.on_open(opened.append)
    table.show([{"key": "all", "label": "", "subtitle": "1 of 1", "rows": [{"order_id": "A1"}], "empty": ""}])
    assert table.lists[0]["rows"] == [{"order_id": "A1"}]
    for content in (None, "A1", {"kind": "open"}, {"kind": "open", "what": 7}, {"kind": "open", "what": "x" * 301}):
        table._handle_custom_msg(content, [])
    assert opened == []
    table._handle_custom_msg({"kind": "open", "what": "A1"}, [])
    assert opened == ["A1"]


def test_a_drawer_tells_the_story_of_the_order_that_is_open_and_no_other():
    drawer, shut = OrderDrawer(), []
    drawer.on_shut(lambda: shut.append(1))
    drawer.open_for("A1")
    drawer.tell({"order_id": "B2", "facts": "of another", "moments": [], "rows": [{}]})
    assert (drawer.facts, drawer.rows) == ("", [])
    drawer.tell({"order_id": "A1", "facts": "Fill", "moments": [], "rows": [{"what": "filled"}]})
    assert (drawer.facts, drawer.note) == ("Fill", "1 event, in the order in which they happened")
    drawer._handle_custom_msg({"kind": "close", "more": 1}, [])
    assert shut == []
    drawer._handle_custom_msg({"kind": "close"}, [])
    assert shut == [1]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-20", "2026-11-20T12:00:00", "x" * 10_000, "'; drop table"])
def test_a_slider_takes_nothing_that_is_no_instant(text):
    slider = LookBack(14)
    slider.moment = "2026-11-20T13:00:00.000Z"
    assert slider.moment == "2026-11-20T13:00:00+00:00"
    slider.moment = text
    assert slider.moment == ""


def test_the_grid_gives_each_panel_its_columns():
    left, right = PlotPanel(), KpiTiles()
    box = page(grid((left, 8), (stack(right), 4)))
    assert "page" in box._dom_classes
    assert "grid" in box.children[0]._dom_classes
    assert "span-8" in left._dom_classes
    assert "span-4" in box.children[0].children[1]._dom_classes
