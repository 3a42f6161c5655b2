"""Expected delivery against the promise: how many open orders will be kept, and how sure that is."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, STATUSES, empty_chart, styled_chart
from pbm360.operations.expected_delivery import STATES

TITLE = "Will open orders arrive as promised?"
LABELS = {
    "late": ("Late already", "breached"),
    "likely_late": ("Rather late (p50)", "breached"),
    "at_risk": ("Perhaps late (p90)", "at_risk"),
    "on_course": ("On course", "on_track"),
    "unknown": ("No expectation", "untimed"),
}
OPACITY = {"likely_late": 0.75}


def count_by_state(orders: pd.DataFrame) -> pd.Series:
    """Count the open orders with a promise by what is expected of them; index: those of `LABELS`.

    Nothing is expected (`unknown`) where no history tells of the stage, or no delivery took as long as the order has.
    """
    states = orders["delivery_state"][(orders["status"] == "open") & orders["promised_at"].notna()]
    return states.fillna("unknown").value_counts().reindex(list(LABELS), fill_value=0)


def expected_board(orders: pd.DataFrame, *, is_history_known: bool = True) -> Chart:
    """Draw the open orders with a promise by expected delivery: late, rather late, perhaps late, on course, unknown."""
    if not is_history_known:
        return empty_chart(TITLE, "Reading how long deliveries took …")
    counts = count_by_state(orders)
    open_count = int((orders["status"] == "open").sum())
    total = int(counts.sum())
    if not total:
        return empty_chart(TITLE, "No open order has a promise yet" if open_count else "No open orders match")
    states = [state for state in LABELS if state in STATES or counts[state]]
    chart = Chart()
    chart.add_bar(
        orientation="h",
        y=[LABELS[state][0] for state in states],
        x=[int(counts[state]) for state in states],
        text=[f" <b>{counts[state]:,}</b>  {counts[state] / total:.0%}" for state in states],
        textposition="outside",
        constraintext="none",
        textfont={"color": INK},
        cliponaxis=False,
        marker={
            "color": [STATUSES[LABELS[state][1]].colour for state in states],
            "opacity": [OPACITY.get(state, 1) for state in states],
        },
        hovertemplate="%{y}: %{x:,} orders<extra></extra>",
        showlegend=False,
    )
    styled_chart(chart, TITLE, f"{total:,} of {open_count:,} open orders have a promise")
    chart.update_layout(bargap=0.42)
    chart.update_xaxes(title={"text": "open orders"}, range=[0, float(counts.max()) * 1.35])
    return chart.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})
