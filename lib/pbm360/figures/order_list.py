"""The orders that someone should act on: the longest overdue, and those that breach next."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.style import carrier_name

TITLE = "Which orders need someone now?"
TEXT_COLUMNS = ("order_id", "stage_label", "pharmacy", "drug", "carrier", "priority", "risk")
NUMBER_COLUMNS = ("age_hours", "sla_hours", "hours_to_breach")


def order_rows(orders: pd.DataFrame, *, overdue: bool, count: int) -> list[dict]:
    """Return the `count` open orders that are longest over their limit (`overdue`), or that reach it next.

    One dict an order: texts (empty where unknown) and hours (rounded to minutes), nulls as None.
    """
    timed = orders[(orders["status"] == "open") & orders["hours_to_breach"].notna()]
    chosen = timed[timed["hours_to_breach"] < 0] if overdue else timed[timed["hours_to_breach"] >= 0]
    chosen = chosen.sort_values(["hours_to_breach", "order_id"]).head(count)
    return [_row(record) for record in chosen[[*TEXT_COLUMNS, *NUMBER_COLUMNS]].to_dict("records")]


def _row(record: dict) -> dict:
    texts = {name: "" if pd.isna(record[name]) else str(record[name]) for name in TEXT_COLUMNS}
    texts["carrier"] = carrier_name(texts["carrier"]) if texts["carrier"] else ""
    return texts | {name: round(float(record[name]), 2) for name in NUMBER_COLUMNS}
