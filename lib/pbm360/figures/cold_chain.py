"""Cold chain: of the refrigerated shipments, how many were watched, and how many left their range."""

from __future__ import annotations

import datetime

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, STATUSES, empty_chart, styled_chart

TITLE = "Do cold shipments stay cold?"
WINDOW_DAYS = 7
STATES = (
    ("in_range", "In range", STATUSES["on_track"].colour),
    ("excursion", "Outside too long", STATUSES["breached"].colour),
    ("not_watched", "Not watched", STATUSES["untimed"].colour),
)


def cold_shipments(orders: pd.DataFrame, as_of: datetime.datetime) -> pd.DataFrame:
    """Return the cold orders shipped in the last `WINDOW_DAYS` days with `state`: in_range, excursion, not_watched."""
    since = pd.Timestamp(as_of) - pd.Timedelta(days=WINDOW_DAYS)
    is_cold = (orders["is_cold_chain"] == True) & (orders["shipped_at"] >= since)  # noqa: E712 (nulls)
    cold = orders.loc[is_cold, ["carrier", "is_temperature_monitored", "is_in_temperature"]]
    watched, kept = cold["is_temperature_monitored"] == True, cold["is_in_temperature"] == True  # noqa: E712 (nulls)
    states = pd.Series("not_watched", cold.index).mask(watched & kept, "in_range").mask(watched & ~kept, "excursion")
    return cold.assign(state=states, carrier_code=cold["carrier"].fillna(""))


def cold_chain_board(orders: pd.DataFrame, as_of: datetime.datetime) -> Chart:
    """Draw the cold shipments of a week by what is known of their temperature, with the coverage."""
    cold = cold_shipments(orders, as_of)
    if cold.empty:
        return empty_chart(TITLE, f"No cold shipment in {WINDOW_DAYS} days")
    counts = cold["state"].value_counts()
    chart = Chart()
    for state, label, colour in STATES:
        count = int(counts.get(state, 0))
        chart.add_bar(
            orientation="h",
            name=label,
            y=[label],
            x=[count],
            text=[f" <b>{count:,}</b>  {count / len(cold):.1%}"],
            textposition="outside",
            constraintext="none",
            textfont={"color": INK},
            cliponaxis=False,
            marker={"color": colour, "line": {"color": INK, "width": 0.5}},
            hovertemplate="%{y}: %{x:,} shipments<extra></extra>",
            showlegend=False,
        )
    watched = len(cold) - int(counts.get("not_watched", 0))
    outside = int(counts.get("excursion", 0))
    share = f"{outside / watched:.1%} of {watched:,} watched left their range" if watched else "none was watched"
    styled_chart(chart, TITLE, f"{share} · coverage {watched / len(cold):.0%} of {len(cold):,} in {WINDOW_DAYS} days")
    chart.update_layout(bargap=0.42)
    chart.update_xaxes(title={"text": "cold shipments"}, range=[0, float(counts.max()) * 1.35])
    return chart.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})
