"""Hand-written orders as the dashboards see them: the columns of sql/dashboards/orders.sql."""

from __future__ import annotations

import datetime

import pandas as pd

NOW = datetime.datetime(2026, 11, 20, 12, 30, tzinfo=datetime.UTC)
TIMES = (
    "stage_entered_at",
    "received_at",
    "shipped_at",
    "delivered_at",
    "cancelled_at",
    "promised_at",
    "sla_due_at",
    "last_event_at",
)
TEXTS = ("order_id", "pharmacy_id", "pharmacy", "carrier", "drug", "therapy", "temperature_class", "priority", "status")
NUMBERS = ("age_hours", "sla_hours", "hours_to_breach", "minutes_outside_range", "delivery_attempt_count")
FLAGS = ("is_on_time", "is_cold_chain", "is_temperature_monitored", "is_in_temperature")
COLUMNS = (*TEXTS, "stage", "stage_label", *TIMES, *FLAGS, *NUMBERS, "risk")
STAGES = pd.DataFrame(
    {"stage": ["RECEIVED", "FILL"], "stage_label": ["Received", "Fill"], "sla_hours": [4.0, 24.0]},
)


def hours_ago(hours: float) -> datetime.datetime:
    return NOW - datetime.timedelta(hours=hours)


def open_order(order_id: str, age_hours: float | None, sla_hours: float | None, **columns) -> dict:
    """An open order that has been in its stage for so long; the risk follows from the hours."""
    if age_hours is None or sla_hours is None:
        row = {"risk": "untimed", "age_hours": age_hours, "sla_hours": sla_hours}
    else:
        used = age_hours / sla_hours
        risk = "breached" if used > 1 else "at_risk" if used > 0.8 else "on_track"
        row = {"age_hours": age_hours, "sla_hours": sla_hours, "hours_to_breach": sla_hours - age_hours, "risk": risk}
    if age_hours is not None:
        row["stage_entered_at"] = hours_ago(age_hours)
    if row.get("hours_to_breach") is not None:
        row["sla_due_at"] = hours_ago(-row["hours_to_breach"])
    return {"order_id": order_id, "status": "open", "stage": "FILL", "stage_label": "Fill"} | row | columns


def delivered_order(order_id: str, delivered_hours_ago: float, is_on_time: bool | None, **columns) -> dict:
    row = {"order_id": order_id, "status": "delivered", "stage": "DELIVERED", "stage_label": "Delivered"}
    return row | {"delivered_at": hours_ago(delivered_hours_ago), "is_on_time": is_on_time} | columns


def orders_frame(*rows: dict) -> pd.DataFrame:
    """Return the rows with every column, of the types that the snapshot has."""
    frame = pd.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows], columns=list(COLUMNS))
    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    for name in NUMBERS:
        frame[name] = frame[name].astype("float64")
    return frame
