"""Throughput: what comes in, what leaves and what arrives, hour by hour."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import MUTED, SERIES, empty_chart, styled_chart

TITLE = "Do shipments keep up with arrivals?"
HOURS = 48
MILESTONES = {"received": "received_at", "shipped": "shipped_at", "delivered": "delivered_at"}


def count_by_hour(orders: pd.DataFrame, as_of: datetime.datetime, hours: int = HOURS) -> pd.DataFrame:
    """Count orders by the clock hour (UTC) in which they were received, shipped and delivered.

    The index holds the last `hours` whole hours before `as_of` and, as its last row, the hour that is still running.
    """
    running = pd.Timestamp(as_of).tz_convert("UTC").floor("h")
    index = pd.date_range(end=running, periods=hours + 1, freq="h")
    counts = {}
    for name, column in MILESTONES.items():
        moments = orders[column]
        known = moments[(moments >= index[0]) & (moments <= pd.Timestamp(as_of))]
        places = ((known - index[0]) // pd.Timedelta(hours=1)).to_numpy(int)
        counts[name] = np.bincount(places, minlength=len(index))
    return pd.DataFrame(counts, index=index)


def planned_shipments(usual_hours: pd.DataFrame | None, hours: pd.DatetimeIndex) -> list[float | None]:
    """Return what each clock hour usually ships (sql/dashboards/usual_hours.sql); None where no day says it."""
    if usual_hours is None or usual_hours.empty:
        return []
    usual = {(row.weekday, row.hour_of_day): row.shipped_per_hour for row in usual_hours.itertuples()}
    known_days = set(usual_hours["weekday"])
    keys = [((hour.dayofweek + 1) % 7 + 1, hour.hour) for hour in hours]  # BigQuery counts from Sunday, 1
    return [round(usual.get(key, 0.0), 2) if key[0] in known_days else None for key in keys]


def backlog_text(orders: pd.DataFrame, as_of: datetime.datetime) -> str:
    """Say how many orders are not shipped yet, and how that changed in 24 hours."""
    now, day = pd.Timestamp(as_of), pd.Timedelta(days=1)
    waiting = int(((orders["status"] == "open") & orders["shipped_at"].isna()).sum())
    came = int((orders["received_at"] > now - day).sum())
    gone = int(((orders["shipped_at"] > now - day) | (orders["cancelled_at"] > now - day)).sum())
    return f"backlog before shipping {waiting:,} ({came - gone:+,} in 24 h)"


def throughput(orders: pd.DataFrame, as_of: datetime.datetime, usual_hours: pd.DataFrame | None = None) -> Chart:
    """Draw shipped orders per hour as bars against received and delivered ones as lines; the running hour is pale.

    Where weeks before say it, a dashed line is the plan: what the same hours of the week usually ship.
    """
    counts = count_by_hour(orders, as_of)
    if not counts.to_numpy().sum():
        return empty_chart(TITLE, f"Nothing was received, shipped or delivered in {HOURS} hours")
    hours = [hour.strftime("%Y-%m-%d %H:%M") for hour in counts.index]
    chart = Chart()
    chart.add_bar(
        name="shipped",
        x=hours,
        y=[int(count) for count in counts["shipped"]],
        marker={"color": SERIES["shipped"], "opacity": [1.0] * (len(hours) - 1) + [0.45]},
        hovertemplate="%{y:,} shipped<extra></extra>",
    )
    for name, dash in (("received", "solid"), ("delivered", "dot")):
        chart.add_scatter(
            name=name,
            mode="lines",
            x=hours[:-1],  # the running hour would look like a fall
            y=[int(count) for count in counts[name][:-1]],
            line={"color": SERIES[name], "width": 2, "dash": dash},
            hovertemplate=f"%{{y:,}} {name}<extra></extra>",
        )
    plan = planned_shipments(usual_hours, counts.index)
    if any(value is not None for value in plan):
        chart.add_scatter(
            name="plan: usual shipments",
            mode="lines",
            x=hours,
            y=plan,
            line={"color": MUTED, "width": 1.5, "dash": "dash", "shape": "hvh"},
            hovertemplate="%{y:.1f} usually shipped<extra></extra>",
        )
    styled_chart(chart, TITLE, f"{_subtitle(counts)} · {backlog_text(orders, as_of)}")
    chart.update_layout(bargap=0.25, hovermode="x unified", meta={"hours": "UTC"})
    chart.update_xaxes(
        title={"text": "hour (UTC); the pale bar is still running"},
        showgrid=False,
        nticks=9,
        tickangle=0,
        tickformat="%H:%M<br>%d %b",
    )
    return chart.update_yaxes(title={"text": "orders per hour"}, rangemode="tozero")


def _subtitle(counts: pd.DataFrame) -> str:
    day = counts.iloc[-25:-1].sum()
    return " · ".join(f"{int(day[name]):,} {name}" for name in MILESTONES) + " in 24 h"
