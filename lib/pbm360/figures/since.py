"""What changed since a moment, such as the beginning of a shift."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

TITLE = "What changed since my shift began?"


STEP_MINUTES = 5
STEP_COUNT = 36 * 60 // STEP_MINUTES  # of the last 36 hours


def changes_by_step(orders: pd.DataFrame, as_of: datetime.datetime) -> dict:
    """Count what changed in each five minutes of the last 36 hours, so that a page can add up since any of them.

    Returns `first_at` (ISO 8601, UTC), `step_minutes` and `rows`: key, what, status (the colour of a count), counts
    (one a step, the last one still running). `orders` is sql/dashboards/orders.sql; a breach counts where the limit was
    passed then and the order still is in the stage.
    """
    now = pd.Timestamp(as_of).tz_convert("UTC")
    first = now.floor(f"{STEP_MINUTES}min") - pd.Timedelta(minutes=STEP_MINUTES * (STEP_COUNT - 1))
    rows = []
    for key, what, moments, status in _changes(orders):
        known = moments[(moments >= first) & (moments <= now)]
        steps = ((known - first) // pd.Timedelta(minutes=STEP_MINUTES)).to_numpy(int)
        counts = np.bincount(steps, minlength=STEP_COUNT)
        rows.append({"key": key, "what": what, "status": status, "counts": [int(count) for count in counts]})
    return {"first_at": first.isoformat(), "step_minutes": STEP_MINUTES, "rows": rows}


def _changes(orders: pd.DataFrame) -> list[tuple[str, str, pd.Series, str]]:
    is_open, status, stage = orders["status"] == "open", orders["status"], orders["stage"]
    entered = orders["stage_entered_at"]
    return [
        ("received", "Orders received", orders["received_at"], ""),
        ("shipped", "Orders shipped", orders["shipped_at"], ""),
        ("delivered", "Orders delivered", orders.loc[status == "delivered", "delivered_at"], ""),
        ("cancelled", "Orders cancelled", orders.loc[status == "cancelled", "cancelled_at"], ""),
        ("breached", "Limits broken, waiting still", orders.loc[is_open, "sla_due_at"], "breached"),
        ("promise", "Promises broken, not delivered", orders.loc[is_open, "promised_at"], "breached"),
        ("exception", "New carrier exceptions", entered[stage == "EXCEPTION"], "at_risk"),
        ("attempt", "New failed delivery attempts", entered[stage == "ATTEMPT_FAILED"], "at_risk"),
        ("denied", "New denials of authorization", entered[stage == "PA_DENIED"], "at_risk"),
    ]
