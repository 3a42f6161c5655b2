"""The orders that someone should act on, as rows of a table: the worst, the longest overdue, those that breach next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pbm360.figures.style import carrier_name, instant_text
from pbm360.operations.next_actions import BY_KEY, KINDS

TITLE = "Which orders need someone now?"
TEXT_COLUMNS = ("order_id", "stage_label", "pharmacy", "drug", "carrier", "priority", "risk")
QUARTER = "15min"
GAP_COLUMNS = ["order_id", "drug", "stage_label", "runout_at", "eta_p90_at", "slack_days", "gap"]
INSTANT_COLUMNS = {"entered_at": "stage_entered_at", "due_at": "sla_due_at"}


def order_rows(orders: pd.DataFrame, *, overdue: bool, count: int) -> list[dict]:
    """Return the `count` open orders that are longest over their limit (`overdue`), or that reach it next.

    One dict an order: texts (empty where unknown), and instants from which its hours are counted (None where unknown).
    """
    hours = orders["hours_to_breach"].to_numpy(float)  # NaN where nothing is limited: neither below 0 nor above
    is_chosen = (orders["status"] == "open").to_numpy(bool) & (hours < 0 if overdue else hours >= 0)
    chosen = orders.loc[_with_smallest(hours, is_chosen, count), _columns(orders)]
    return _rows(chosen.sort_values(["hours_to_breach", "order_id"]).head(count))


def worst_rows(orders: pd.DataFrame, *, count: int) -> list[dict]:
    """Return the `count` worst exceptions: by kind, then by how long they are over their limit."""
    places = orders["exception"].map({kind.key: place for place, kind in enumerate(KINDS)}).to_numpy(float)
    is_chosen = _with_smallest(places, ~np.isnan(places), count)
    found = orders.loc[is_chosen, _columns(orders)].assign(place=places[is_chosen])
    return _rows(found.sort_values(["place", "hours_to_breach", "order_id"]).head(count))


def gap_rows(orders: pd.DataFrame, *, count: int) -> list[dict]:
    """Return the `count` open orders whose patients run out of drug first, by the days of slack.

    Instants are told to the quarter of an hour, which is more than is known of them.
    """
    slack = orders["slack_days"].to_numpy(float)
    found = orders.loc[_with_smallest(slack, ~np.isnan(slack), count), GAP_COLUMNS]
    found = found.sort_values(["slack_days", "order_id"]).head(count)
    return [
        {
            "order_id": row.order_id,
            "drug": row.drug or "",
            "stage_label": row.stage_label,
            "runout_at": row.runout_at.round(QUARTER).isoformat(),
            "eta_p90_at": row.eta_p90_at.round(QUARTER).isoformat(),
            "slack_days": round(float(row.slack_days), 1),
            "gap": row.gap,
        }
        for row in found.itertuples()
    ]


def _with_smallest(values: np.ndarray, is_chosen: np.ndarray, count: int) -> np.ndarray:
    """Tell which of the chosen rows have one of the `count` smallest values, so that no more are sorted; ties stay."""
    found = values[is_chosen]
    return is_chosen & (values <= np.partition(found, count - 1)[count - 1]) if len(found) > count else is_chosen


def _columns(orders: pd.DataFrame) -> list[str]:
    """Return the columns that rows are made of, without the many others."""
    return [*TEXT_COLUMNS, *INSTANT_COLUMNS.values(), "hours_to_breach", *orders.columns.intersection(["exception"])]


def _rows(orders: pd.DataFrame) -> list[dict]:
    kinds = orders["exception"] if "exception" in orders else pd.Series(None, orders.index)
    records = orders[[*TEXT_COLUMNS, *INSTANT_COLUMNS.values()]].to_dict("records")
    return [_row(record, kind) for record, kind in zip(records, kinds, strict=True)]


def _row(record: dict, kind: str | None) -> dict:
    texts = {name: "" if pd.isna(record[name]) else str(record[name]) for name in TEXT_COLUMNS}
    texts["carrier"] = carrier_name(texts["carrier"]) if texts["carrier"] else ""
    texts["what"] = BY_KEY[kind].what if kind in BY_KEY else ""
    texts["action"] = BY_KEY[kind].action if kind in BY_KEY else ""
    return texts | {name: instant_text(record[column]) for name, column in INSTANT_COLUMNS.items()}
