"""The figures of the process view: what they show, and that they say so where there is nothing."""

import pandas as pd

from pbm360.figures.process import change_bars, process_map, rework_heatmap, variant_bars

LABELS = {"RECEIVED": "Received", "INTAKE": "Intake", "INFO_HOLD": "Info hold"}
EDGES = pd.DataFrame(
    [
        ("RECEIVED", "INTAKE", 10, 20, 9, 2.0, 5.0, True),
        ("INTAKE", "INFO_HOLD", 20, 15, 4, 1.0, 2.0, True),
        ("RECEIVED", "INFO_HOLD", 10, 15, 1, 1.0, 2.0, False),
    ],
    columns=[
        *("from_stage", "to_stage", "from_order", "to_order"),
        *("order_count", "median_hours", "p90_hours", "is_allowed"),
    ],
)


def test_forward_steps_bow_to_the_right_backward_ones_to_the_left_and_the_most_frequent_is_broadest():
    figure = process_map(EDGES, LABELS, title="t")
    arcs = {trace.text.split("<br>")[0]: trace for trace in figure.data if trace.text}
    assert max(arcs["Received → Intake"].x) > 0 and min(arcs["Intake → Info hold"].x) < 0
    assert arcs["Received → Intake"].line.width > arcs["Intake → Info hold"].line.width
    assert arcs["Received → Info hold"].line.dash == "dot"
    assert list(figure.layout.yaxis.ticktext) == ["Received", "Info hold", "Intake"]


def test_rare_steps_are_left_out_and_an_empty_map_says_so():
    assert "2 of 3 transitions" in process_map(EDGES, LABELS, title="t", min_count=2).layout.title.subtitle.text
    assert "No transition" in process_map(EDGES, LABELS, title="t", min_count=100).layout.annotations[0].text


def test_variants_are_named_by_their_stages_and_bear_the_cumulative_share():
    ways = pd.DataFrame(
        {"variant": ["RECEIVED > INTAKE"], "order_count": [3], "share": [1.0], "cumulative_share": [1.0]}
    )
    figure = variant_bars(ways, LABELS, title="t")
    assert figure.data[0].y == ("1. Received<br> › Intake",)
    assert figure.data[0].text == (" 3 · 100% with those above",)
    assert variant_bars(ways.head(0), LABELS, title="t").layout.annotations


def test_rework_is_a_matrix_with_its_counts_written_in():
    figure = rework_heatmap(pd.DataFrame({"INTAKE": {"INFO_HOLD": 7}}), LABELS, title="t")
    assert [list(row) for row in figure.data[0].text] == [["7"]]
    assert rework_heatmap(pd.DataFrame(), LABELS, title="t").layout.annotations


def test_the_change_shows_both_instants_side_by_side():
    flow = pd.DataFrame({"label": ["Intake"], "open_count": [5], "open_count_before": [3]})
    figure = change_bars(flow, title="t", before="then", now="now")
    assert [(trace.name, trace.x) for trace in figure.data] == [("then", (3,)), ("now", (5,))]
