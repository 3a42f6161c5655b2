"""How good a forecast is: whether it comes true as often as it says, and how early it flags what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, MUTED, empty_figure, standing_alone, styled

LINES = (("#2f6fb3", "solid", "circle"), ("#c2571a", "dash", "square"), ("#0d9488", "dot", "diamond"))
LEAST_SIZE, MOST_SIZE = 6.0, 20.0  # of a marker, by the forecasts in its class
HOURS = (1, 6, 12, 24, 36, 48, 72, 96, 120, 168, 240)


def calibration_plot(curves: Mapping[str, pd.DataFrame], *, title: str) -> go.Figure:
    """Draw what came against what was said, by name; curves are `risk.calibration.calibration_curve`.

    On the diagonal a forecast comes true as often as it says. A marker's size is the number of forecasts in its class.
    """
    if not any(len(curve) for curve in curves.values()):
        return empty_figure(title, "Nothing was forecast whose end is known")
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": MUTED, "width": 1},
        name="as often as it says",
        hoverinfo="skip",
    )
    most = max(curve["order_count"].max() for curve in curves.values())
    for (name, curve), (colour, dash, symbol) in zip(curves.items(), LINES, strict=False):
        sizes = LEAST_SIZE + (MOST_SIZE - LEAST_SIZE) * np.sqrt(curve["order_count"] / most)
        figure.add_scatter(
            x=curve["mean_chance"].round(4).tolist(),
            y=curve["observed_share"].round(4).tolist(),
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol, "size": sizes.round(1).tolist()},
            customdata=curve["order_count"].tolist(),
            hovertemplate="said %{x:.0%}, came %{y:.0%} of %{customdata:,}<extra>" + name + "</extra>",
        )
    styled(figure, title, "larger markers rest on more forecasts", height=460)
    standing_alone(figure)
    figure.update_xaxes(title_text="chance that was said", tickformat=".0%", range=[-0.03, 1.03])
    return figure.update_yaxes(title_text="share that came", tickformat=".0%", range=[-0.03, 1.03])


def lead_time_plot(shares: Mapping[str, pd.DataFrame], *, title: str, subtitle: str = "") -> go.Figure:
    """Draw by name the share of the orders that missed that were flagged so many hours ahead (`lead_times`)."""
    if not any(len(share) for share in shares.values()):
        return empty_figure(title, "No order missed its SLA")
    figure = go.Figure()
    for (name, share), (colour, dash, symbol) in zip(shares.items(), LINES, strict=False):
        figure.add_scatter(
            x=share["ahead_hours"].tolist(),
            y=share["flagged_share"].round(4).tolist(),
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol, "size": 8},
            hovertemplate="%{x} h ahead: %{y:.0%}<extra>" + name + "</extra>",
        )
    figure.add_vline(x=24, line={"color": INK, "width": 1, "dash": "dot"}, annotation_text="a day ahead")
    styled(figure, title, subtitle, height=420)
    standing_alone(figure)
    figure.update_xaxes(title_text="flagged at least so many hours before the SLA ended", range=[0, HOURS[-1] + 5])
    return figure.update_yaxes(title_text="share of the orders that missed", tickformat=".0%", range=[0, 1.03])


def lead_times(rows: pd.DataFrame, flagged: np.ndarray, hours: tuple[int, ...] = HOURS) -> pd.DataFrame:
    """Return by hours ahead the share of the orders that missed which were flagged by then: ahead_hours, flagged_share.

    `rows` are `risk.backtest.judged_rows`; `flagged` says of each whether it was flagged.
    """
    missed = rows["came"].to_numpy() == 1
    count = rows.loc[missed, "order_id"].nunique()
    first = rows[missed & np.asarray(flagged, bool)].groupby("order_id")["ahead_hours"].max()
    found = [{"ahead_hours": hour, "flagged_share": float((first >= hour).sum() / count)} for hour in hours if count]
    return pd.DataFrame(found, columns=["ahead_hours", "flagged_share"])
