"""Ageing: how much of the time that their stage allows the open orders have used."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import STATUSES, empty_chart, styled_chart

TITLE = "How close are open orders to their limit?"
# Upper bound of the share of the allowed time (included), label, status: each bar lies in one status.
BANDS = (
    (0.25, "to 25 %", "on_track"),
    (0.50, "25–50 %", "on_track"),
    (0.80, "50–80 %", "on_track"),
    (1.00, "80–100 %", "at_risk"),
    (2.00, "1–2 ×", "breached"),
    (5.00, "2–5 ×", "breached"),
    (float("inf"), "over 5 ×", "breached"),
)


def count_by_used_share(orders: pd.DataFrame) -> pd.Series:
    """Count open orders by the share of their stage's allowed time that they have used; index: the bands' labels."""
    used = (orders["age_hours"] / orders["sla_hours"])[orders["status"] == "open"].dropna().to_numpy(float)
    places = np.searchsorted([upper for upper, _, _ in BANDS], used)  # a band's upper bound belongs to it
    labels = [label for _, label, _ in BANDS]
    return pd.Series(np.bincount(places, minlength=len(BANDS)), labels, name="order_count")


def ageing(orders: pd.DataFrame) -> Chart:
    """Draw the open orders by the share of the allowed time used, in the colours of their status."""
    counts = count_by_used_share(orders)
    if not counts.sum():
        return empty_chart(TITLE, "No open orders match")
    chart = Chart()
    for status in ("on_track", "at_risk", "breached"):
        bands = [label for _, label, of_status in BANDS if of_status == status]
        chart.add_bar(
            name=STATUSES[status].legend,
            x=bands,
            y=[int(counts[band]) for band in bands],
            text=[f"{counts[band]:,}" for band in bands],
            textposition="outside",
            cliponaxis=False,
            marker={"color": STATUSES[status].colour},
            hovertemplate="%{x} of the allowed time<br>%{y:,} open orders<extra></extra>",
        )
    past = int(counts[["2–5 ×", "over 5 ×"]].sum())
    styled_chart(chart, TITLE, f"{past:,} have used more than twice the time that their stage allows")
    chart.update_layout(bargap=0.18, barmode="overlay")
    chart.update_xaxes(
        title={"text": "time used, as a share of what the stage allows"}, showgrid=False, type="category"
    )
    return chart.update_yaxes(title={"text": "open orders"}, rangemode="tozero", range=[0, float(counts.max()) * 1.15])
