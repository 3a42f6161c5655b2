"""Carriers: who keeps the promised time, with how many orders that is judged by."""

from __future__ import annotations

import datetime
import math

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, MUTED, SERIES, carrier_name, empty_chart, styled_chart

TITLE = "Which carriers keep their promise?"
WINDOW_DAYS = 7
FEW = 30  # below so many orders a share is drawn hollow
NORMAL_95 = 1.959964  # quantile of the normal distribution for a 95 % interval


def promised_orders(orders: pd.DataFrame, as_of: datetime.datetime) -> pd.DataFrame:
    """Return `order_id`, `carrier` and `is_kept` of the orders by which "on time" is judged.

    They are those delivered with a promise in the last `WINDOW_DAYS` days, and the open ones that are past their
    promise (never kept).
    """
    now = pd.Timestamp(as_of)
    since = now - pd.Timedelta(days=WINDOW_DAYS)
    is_delivered = (orders["status"] == "delivered") & orders["is_on_time"].notna() & (orders["delivered_at"] >= since)
    is_overdue = (orders["status"] == "open") & (orders["promised_at"] < now)
    chosen = orders.loc[is_delivered | is_overdue, ["order_id", "carrier", "status", "is_on_time"]]
    is_kept = (chosen["status"] == "delivered") & (chosen["is_on_time"] == True)  # noqa: E712 (nulls)
    return chosen[["order_id", "carrier"]].assign(is_kept=is_kept)


def on_time_by_carrier(orders: pd.DataFrame, as_of: datetime.datetime) -> pd.DataFrame:
    """Return one row a carrier: `carrier` (name), `n`, `kept`, `share`, `low` and `high` (Wilson, 95 %)."""
    judged = promised_orders(orders, as_of)
    grouped = judged.groupby(judged["carrier"].fillna(""))["is_kept"].agg(["size", "sum"])
    rows = []
    for code, (n, kept) in grouped.iterrows():
        low, high = wilson_interval(int(kept), int(n))
        rows.append((carrier_name(code), int(n), int(kept), kept / n, low, high))
    found = pd.DataFrame(rows, columns=["carrier", "n", "kept", "share", "low", "high"])
    return found.sort_values(["share", "carrier"], ascending=[False, True], ignore_index=True)


def wilson_interval(kept: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson, 1927). `n` must be positive."""
    share, z = kept / n, NORMAL_95
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def usual_shares(carrier_weeks: pd.DataFrame | None) -> dict[str, float]:
    """Return each carrier's (by name) share of promises kept in the weeks of sql/dashboards/carrier_weeks.sql."""
    if carrier_weeks is None or carrier_weeks.empty:
        return {}
    sums = carrier_weeks.groupby("carrier")[["on_time_count", "order_count"]].sum()
    return {carrier_name(code): row.on_time_count / row.order_count for code, row in sums.iterrows()}


def carrier_board(orders: pd.DataFrame, as_of: datetime.datetime, carrier_weeks: pd.DataFrame | None = None) -> Chart:
    """Draw each carrier's share of promises kept, with its 95 % interval and n; few orders are drawn hollow.

    A stroke marks the carrier's own share in the weeks before.
    """
    found = on_time_by_carrier(orders, as_of)
    if found.empty:
        return empty_chart(TITLE, f"No promise fell due in {WINDOW_DAYS} days")
    usual = {name: share for name, share in usual_shares(carrier_weeks).items() if name in set(found["carrier"])}
    shares = [round(100 * share, 1) for share in found["share"]]
    chart = Chart()
    chart.add_scatter(
        mode="markers",
        name="on time",
        x=shares,
        y=list(found["carrier"]),
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [round(100 * (row.high - row.share), 2) for row in found.itertuples()],
            "arrayminus": [round(100 * (row.share - row.low), 2) for row in found.itertuples()],
            "color": "#9db4cf",
            "thickness": 5,
            "width": 0,
        },
        marker={
            "size": 13,
            "color": [SERIES["shipped"] if n >= FEW else "#ffffff" for n in found["n"]],
            "line": {"color": SERIES["shipped"], "width": 2},
        },
        customdata=[[int(row.kept), int(row.n)] for row in found.itertuples()],
        hovertemplate="%{y}: %{customdata[0]:,} of %{customdata[1]:,} on time (%{x:.1f} %)<extra></extra>",
        showlegend=False,
        cliponaxis=False,
    )
    chart.add_scatter(
        mode="text",
        x=[round(100 * max(row.high, usual.get(row.carrier, 0)), 1) for row in found.itertuples()],
        y=list(found["carrier"]),
        text=[f"  <b>{share:.1f} %</b>" for share in shares],
        textposition="middle right",
        textfont={"color": INK},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    chart.add_scatter(
        mode="markers",
        name="own weeks before",
        x=[round(100 * share, 1) for share in usual.values()],
        y=list(usual),
        marker={"symbol": "line-ns", "size": 20, "line": {"color": INK, "width": 3}},
        hovertemplate="%{y}: %{x:.1f} % in the weeks before<extra></extra>",
        showlegend=False,
        cliponaxis=False,
    )
    overall = 100 * found["kept"].sum() / found["n"].sum()
    chart.add_vline(x=overall, line={"color": MUTED, "width": 1, "dash": "dash"})
    styled_chart(chart, TITLE, f"{overall:.1f} % of {found['n'].sum():,} promises, {WINDOW_DAYS} days (dashed)")
    shares_before = list(usual.values())
    low = 100 * min(found["low"].min(), *shares_before, 1.0)
    high = 100 * max(found["high"].max(), *shares_before, 0.0)
    span = [max(low - 2, 0), high + 0.4 * (high - low) + 1]  # room for the numbers on the right
    chart.update_xaxes(title={"text": _axis_title(bool(usual))}, range=span, nticks=5)
    ticktext = [f"{row.carrier} <span style='color:{MUTED}'>n = {row.n:,}</span> " for row in found.itertuples()]
    return chart.update_yaxes(
        tickvals=list(found["carrier"]),
        ticktext=ticktext,
        range=[len(found) - 0.4, -0.8],
        showgrid=False,
        tickfont={"color": INK, "size": 12},
    )


def _axis_title(has_history: bool) -> str:
    return "on time, % (bar: 95 % interval" + ("; ┃ own weeks before)" if has_history else ")")
