"""The panels: a chart, the tiles, the table, and the grid that they stand on."""

import json

import plotly.graph_objects as go

from pbm360.figures.tiles import Tile
from pbm360.widgets.layout import grid, page, stack
from pbm360.widgets.order_table import OrderTable
from pbm360.widgets.plot import PlotPanel
from pbm360.widgets.tiles import KpiTiles
from tests.figures.order_frames import delivered_order, open_order, orders_frame


def messages_of(widget, trait):
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), trait)
    return seen


def test_a_chart_is_sent_as_data_alone_and_only_when_it_changed():
    panel = PlotPanel(key="stages")
    sent = messages_of(panel, "figure")
    for count in (1, 1, 2):
        panel.show(go.Figure(go.Bar(x=["a"], y=[count])))
    assert [json.loads(figure)["data"][0]["y"] for figure in sent] == [[1], [2]]
    assert len(panel.figure) < 20_000  # no library in it


def test_tiles_carry_the_exact_number_beside_its_text():
    widget = KpiTiles()
    widget.show([Tile("open", "Open orders", 2521, "2,521", "35 new", "", (1, 2))])
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


def test_the_table_holds_the_first_rows_of_both_lists_and_counts_all():
    orders = orders_frame(
        *(open_order(f"L{hours}", hours, 24) for hours in (25, 26, 27)),
        open_order("N1", 1, 24),
        open_order("U1", None, None),
        delivered_order("D1", 1, True),
    )
    table = OrderTable()
    table.show(orders, count=2)
    assert [row["order_id"] for row in table.overdue_rows] == ["L27", "L26"]
    assert (table.overdue_count, table.next_count) == (3, 1)


def test_the_grid_gives_each_panel_its_columns():
    left, right = PlotPanel(), KpiTiles()
    box = page(grid((left, 8), (stack(right), 4)))
    assert "page" in box._dom_classes
    assert "grid" in box.children[0]._dom_classes
    assert "span-8" in left._dom_classes
    assert "span-4" in box.children[0].children[1]._dom_classes
