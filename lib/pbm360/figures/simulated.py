"""Figures of the simulated world: what goes wrong with its messages, and the queue that a scenario makes."""

from __future__ import annotations

import datetime

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, MUTED, SERIES, empty_figure, standing_alone, styled

WRONG_TITLE = "What goes wrong, and what it costs to know"
CONSEQUENCES = {  # what can still be known: colour, pattern, defects
    "all is known": (
        "#7ea3cc",
        "",
        ["duplicate", "replayed_batch", "wrong_case", "malformed", "schema_drift", "lost_zero"],
    ),
    "known late": ("#f0a81c", "/", ["late", "out_of_order"]),
    "told at a wrong time or place": (
        "#64748b",
        "x",
        ["clock_skew", "dst_hour", "orphan", "reused_id", "after_delivery"],
    ),
    "never known, for some or all": ("#b3261e", "\\", ["missing_scan", "unknown_code", "wrong_offset", "poison"]),
}
USUAL, DISTURBED = MUTED, SERIES["shipped"]


def defect_bars(counts: pd.Series) -> go.Figure:
    """Draw how often each defect was injected, by what can still be known; `counts` is indexed by defect."""
    if counts.empty:
        return empty_figure(WRONG_TITLE, "No defect was injected")
    figure = go.Figure()
    for consequence, (colour, pattern, names) in CONSEQUENCES.items():
        found = counts[counts.index.isin(names)].sort_values()
        figure.add_bar(
            x=list(found),
            y=[name.replace("_", " ") for name in found.index],
            orientation="h",
            name=consequence,
            text=[f"{count:,}" for count in found],
            textposition="outside",
            textfont={"color": INK},
            cliponaxis=False,
            marker={"color": colour, "pattern": {"shape": pattern}, "line": {"color": INK, "width": 0.6}},
        )
    styled(figure, WRONG_TITLE, f"{counts.sum():,} injections, each a row of the ledger", height=190 + 26 * len(counts))
    standing_alone(figure).update_layout(bargap=0.3)
    figure.update_xaxes(title_text="injections (logarithmic)", type="log", range=[-0.1, 4.2], dtick=1)
    return figure.update_yaxes(title_text="", tickfont={"color": INK}, showgrid=False)


def queue_plot(
    usual: pd.DataFrame,
    disturbed: pd.DataFrame,
    stage: str,
    begins: datetime.datetime,
    ends: datetime.datetime,
    title: str,
) -> go.Figure:
    """Draw the orders in a stage, hour by hour, in a world without and one with a scenario, which lasts as shaded.

    Both frames have the rows of `pbm360.simulate.true_visits.true_visits`.
    """
    if disturbed.empty:
        return empty_figure(title, "No order was simulated")
    hours = pd.date_range(begins - datetime.timedelta(days=2), ends + datetime.timedelta(days=3), freq="h")
    figure = go.Figure()
    for name, visits, colour, dash in (("as usual", usual, USUAL, "dot"), ("with it", disturbed, DISTURBED, "solid")):
        figure.add_scatter(
            x=[hour.isoformat() for hour in hours],
            y=in_stage(visits, stage, hours),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5},
        )
    figure.add_vrect(x0=begins.isoformat(), x1=ends.isoformat(), fillcolor="#f0a81c", opacity=0.18, line_width=0)
    styled(figure, title, f"orders in {stage}; shaded: while it lasts", height=360)
    standing_alone(figure)
    figure.update_xaxes(title_text="time (UTC)", type="date")
    return figure.update_yaxes(title_text="orders", title_standoff=16, rangemode="tozero")


def in_stage(visits: pd.DataFrame, stage: str, hours: pd.DatetimeIndex) -> list[int]:
    """Count the orders that are in a stage at each hour."""
    own = visits[visits["stage"] == stage]
    left = own["left_at"].fillna(hours[-1] + pd.Timedelta(hours=1))
    return [int(((own["entered_at"] <= hour) & (left > hour)).sum()) for hour in hours]
