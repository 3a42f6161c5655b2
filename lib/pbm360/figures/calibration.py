"""The simulated world against what others measured: each sourced figure beside the simulated one."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pbm360.figures.style import INK, MUTED, SERIES, empty_figure, standing_alone, styled

TITLE = "Does the simulated pharmacy behave as others measured?"
GROUPS = {  # title of the axis, its range, factor to its unit
    "share": ("share, %", (0, 105), 100),
    "days": ("days", (0, 22), 1),
    "rare": ("orders in 100,000", (0, 420), 100_000),
}
ROW_PIXELS = 26
RANGE = "#c9d1db"


def calibration_plot(table: pd.DataFrame) -> go.Figure:
    """Draw the sourced figures (diamonds, bars for ranges) and the simulated ones (circles with their uncertainty).

    `table` has the rows of `pbm360.simulate.calibration.compare_with_sources`.
    """
    if table.empty:
        return empty_figure(TITLE, "No order was simulated")
    groups = [group for group in GROUPS if group in set(table["group"])]
    heights = [int((table["group"] == group).sum()) + 1.0 for group in groups]
    figure = make_subplots(rows=len(groups), cols=1, row_heights=heights, vertical_spacing=0.11)
    for row, group in enumerate(groups, 1):
        _, (_, end), factor = GROUPS[group]
        add_group(figure, table[table["group"] == group], factor, end, row)
    close = int(table["is_close"].sum())
    subtitle = f"{close} of {len(table)} figures lie within their sources, give or take four standard errors"
    styled(figure, TITLE, subtitle, height=int(170 + ROW_PIXELS * sum(heights)))
    standing_alone(figure).update_layout(margin={"b": 72})
    labels = {group: list(table.loc[table["group"] == group, "label"]) for group in groups}
    figure.update_yaxes(autorange="reversed", tickfont={"color": INK, "size": 12}, showgrid=True)
    for row, group in enumerate(groups, 1):
        title, bounds, _ = GROUPS[group]
        figure.update_yaxes(categoryorder="array", categoryarray=labels[group], row=row, col=1)
        figure.update_xaxes(title_text=title, range=list(bounds), title_standoff=4, row=row, col=1)
    return figure


def add_group(figure: go.Figure, table: pd.DataFrame, factor: float, axis_end: float, row: int) -> None:
    """Draw the figures of one unit into a row; a range without an upper bound runs to the end of the axis."""
    place = {"row": row, "col": 1}
    for item in table[table["sourced_least"] < table["sourced_most"]].itertuples():
        most = item.sourced_most * factor if math.isfinite(item.sourced_most) else axis_end
        figure.add_scatter(
            x=[item.sourced_least * factor, most],
            y=[item.label] * 2,
            mode="lines",
            line={"color": RANGE, "width": 11},
            hovertemplate=f"%{{y}}: %{{x:.1f}} ({item.source})<extra></extra>",
            showlegend=False,
            **place,
        )
    exact = table[table["sourced_least"] == table["sourced_most"]]
    figure.add_scatter(
        x=list(exact["sourced_least"] * factor),
        y=list(exact["label"]),
        mode="markers",
        name="measured by others (bar: a range)",
        marker={"symbol": "diamond", "size": 13, "color": MUTED},
        customdata=list(exact["source"]),
        hovertemplate="%{y}: %{x:.1f} (%{customdata})<extra></extra>",
        showlegend=row == 1,
        **place,
    )
    figure.add_scatter(
        x=list(table["simulated"] * factor),
        y=list(table["label"]),
        mode="markers",
        name="simulated, ± 2 standard errors",
        marker={"size": 9, "color": SERIES["shipped"], "line": {"color": "white", "width": 1}},
        error_x={"type": "data", "array": list(2 * table["error"] * factor), "color": SERIES["shipped"], "width": 3},
        customdata=list(table["order_count"]),
        hovertemplate="%{y}: %{x:.1f} (n = %{customdata:,})<extra></extra>",
        showlegend=row == 1,
        **place,
    )
