"""The numbers at the top of the Command Center, each with what it is judged by."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pandas as pd

from pbm360.figures.carriers import WINDOW_DAYS, promised_orders
from pbm360.figures.style import duration_text
from pbm360.figures.throughput import count_by_hour

TREND_HOURS = 24
OPEN_COLUMNS = ("risk", "age_hours", "hours_to_breach", "promised_at")  # what the tiles look at of open orders


@dataclass(frozen=True)
class Tile:
    """One number. `number` is exact (null: nothing to count), `text` is what people read, `trend` counts per hour."""

    key: str
    label: str
    number: float | None
    text: str
    detail: str
    status: str = ""
    trend: tuple[int, ...] = ()


def count_tile(key: str, label: str, number: int, detail: str, status: str = "", trend=()) -> Tile:
    """Make a tile of a count."""
    return Tile(key, label, number, f"{number:,}", detail, status if number else "", tuple(int(n) for n in trend))


def tiles(orders: pd.DataFrame, as_of: datetime.datetime) -> list[Tile]:
    """Return the tiles for orders of the grain and columns of sql/dashboards/orders.sql, as of an instant (UTC)."""
    now = pd.Timestamp(as_of)
    open_orders = orders.loc[orders["status"] == "open", list(OPEN_COLUMNS)]
    hourly = count_by_hour(orders, as_of, TREND_HOURS)
    breached = open_orders[open_orders["risk"] == "breached"]
    at_risk = open_orders[open_orders["risk"] == "at_risk"]
    received = _since(orders, "received_at", now, 1)
    return [
        count_tile("open", "Open orders", len(open_orders), f"{received:,} new in the last hour"),
        count_tile("breached", "Breached", len(breached), _share(breached, open_orders), "breached"),
        count_tile("at_risk", "At risk", len(at_risk), _next_breach(at_risk), "at_risk"),
        _on_time(orders, as_of),
        _past_promise(open_orders, now),
        _milestone(orders, "shipped", now, hourly),
        _milestone(orders, "delivered", now, hourly),
        _median_age(open_orders),
    ]


def _since(orders: pd.DataFrame, column: str, now: pd.Timestamp, hours: int) -> int:
    moments = orders[column]
    return int(((moments > now - pd.Timedelta(hours=hours)) & (moments <= now)).sum())


def _share(part: pd.DataFrame, whole: pd.DataFrame) -> str:
    return f"{len(part) / len(whole):.0%} of open orders" if len(whole) else "no open orders"


def _next_breach(at_risk: pd.DataFrame) -> str:
    if at_risk.empty:
        return "none over 80 % of the limit"
    return f"next breach in {duration_text(at_risk['hours_to_breach'].min())}"


def _on_time(orders: pd.DataFrame, as_of: datetime.datetime) -> Tile:
    judged, label = promised_orders(orders, as_of), f"On time, {WINDOW_DAYS} days"
    if judged.empty:
        return Tile("on_time", label, None, "–", "no promise fell due")
    percent = 100 * float(judged["is_kept"].mean())
    return Tile("on_time", label, round(percent, 1), f"{percent:.1f} %", f"n = {len(judged):,} promises")


def _past_promise(open_orders: pd.DataFrame, now: pd.Timestamp) -> Tile:
    late = open_orders[open_orders["promised_at"] < now]
    if late.empty:
        return count_tile("past_promise", "Past promise", 0, "no promise is broken")
    longest = (now - late["promised_at"].min()) / pd.Timedelta(hours=1)
    return count_tile("past_promise", "Past promise", len(late), f"longest by {duration_text(longest)}", "breached")


def _milestone(orders: pd.DataFrame, name: str, now: pd.Timestamp, hourly: pd.DataFrame) -> Tile:
    column = f"{name}_at"
    return count_tile(
        f"{name}_hour",
        f"{name.capitalize()}, last hour",
        _since(orders, column, now, 1),
        f"{_since(orders, column, now, 24):,} in 24 h",
        trend=hourly[name],
    )


def _median_age(open_orders: pd.DataFrame) -> Tile:
    ages = open_orders["age_hours"].dropna()
    if ages.empty:
        return Tile("median_age", "Median age in stage", None, "–", "no open orders")
    median = float(ages.median())
    return Tile(
        "median_age",
        "Median age in stage",
        round(median, 2),
        duration_text(median),
        f"oldest {duration_text(ages.max())}",
    )
