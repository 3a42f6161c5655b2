"""Hand-written rows of `pbm_gold.fact_order_lifecycle` for tests of what reads it."""

from __future__ import annotations

import datetime

from pbm360.domain import rules


def fact_row(order_id: str, stage: str, now: datetime.datetime, hours_in_stage: float, **columns) -> dict:
    """Return an order that entered its stage so many hours before `now`; `<column>_hours_ago` gives other moments."""
    entered = now - datetime.timedelta(hours=hours_in_stage)
    rule = rules.stages()[stage]
    moments = {
        name.removesuffix("_hours_ago"): now - datetime.timedelta(hours=columns.pop(name))
        for name in list(columns)
        if name.endswith("_hours_ago")
    }
    row = {
        "order_id": order_id,
        "reported_order_id": order_id,
        "stage": stage,
        "stage_entered_at": entered,
        "sla_due_at": None if rule.is_terminal else entered + datetime.timedelta(hours=rule.sla_hours),
        "status": stage.lower() if rule.is_terminal else "open",
        "received_at": entered,
        "has_clock_skew": False,
        "is_orphan": False,
        "is_abandoned": False,
        "is_cold_chain": False,
        "is_temperature_monitored": False,
        "minutes_outside_range": 0,
        "has_repeated_activity": False,
        "is_clean": True,
        "delivery_attempt_count": 0,
        "rework_count": 0,
        "event_count": 1,
        "first_event_at": entered,
        "last_event_at": entered,
    }
    row |= columns | moments
    return row | {"received_date": row["received_at"].date()}
