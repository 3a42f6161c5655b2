"""Event time against processing time: events, the watermark, and when each window's panes fired."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, MUTED, empty_figure, standing_alone, styled

PANES = {"early": ("#7ea3cc", "triangle-up"), "on time": ("#0d9488", "square"), "late": ("#b3261e", "x")}
EVENT, WATERMARK = "#c9d1db", "#f0a81c"


def event_time_plot(
    events: pd.DataFrame, panes: pd.DataFrame, watermarks: pd.DataFrame, *, window_minutes: int, title: str
) -> go.Figure:
    """Draw events (happened, known), panes and watermarks as `stream.recorded.play` returns them; all times UTC.

    A pane stands in the middle of its window, at the height of the moment at which it fired.
    """
    if events.empty:
        return empty_figure(title, "No event was recorded")
    figure = go.Figure()
    figure.add_scattergl(
        x=events["happened"], y=events["known"], mode="markers", name="event", marker={"size": 4, "color": EVENT}
    )
    bounds = [events["known"].min().floor("min"), events["known"].max().ceil("min")]
    figure.add_scatter(x=bounds, y=bounds, mode="lines", name="known at once", line={"color": MUTED, "dash": "dot"})
    line = {"color": WATERMARK, "width": 3, "shape": "vh"}
    figure.add_scatter(x=watermarks["watermark"], y=watermarks["known"], mode="lines", name="watermark", line=line)
    for timing, (colour, symbol) in PANES.items():
        shown = panes[panes["timing"] == timing]
        figure.add_scatter(
            x=shown["window_start"] + pd.Timedelta(minutes=window_minutes / 2),
            y=shown["fired_at"],
            mode="markers",
            name=f"{timing} pane",
            customdata=shown["event_count"],
            hovertemplate="%{customdata} events<br>window of %{x}<br>fired %{y}",
            marker={"size": 9, "color": colour, "symbol": symbol, "line": {"color": INK, "width": 0.6}},
        )
    styled(figure, title, f"windows of {window_minutes} minutes", height=560)
    standing_alone(figure)
    figure.update_xaxes(title_text="event time: when it happened (UTC)", type="date", range=bounds, showgrid=True)
    return figure.update_yaxes(title_text="processing time: when it was known (UTC)", type="date", range=bounds)
