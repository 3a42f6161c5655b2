"""Say which open orders are exceptions, how severe, and what is to be done next; an order counts once, by its worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pbm360.figures.style import instant_text

MINUTES_ALLOWED = 30  # outside the temperature range, as gold's is_in_temperature has it
CARRIER_STAGES = ("SHIPPED", "IN_TRANSIT", "EXCEPTION", "OUT_FOR_DELIVERY", "ATTEMPT_FAILED")
SEVERITIES = ("critical", "high", "medium")


@dataclass(frozen=True)
class Kind:
    """A kind of exception: its severity, what it is, and the next action."""

    key: str
    severity: str
    what: str
    action: str


# In the order of what is worst [A]: an order belongs to the first kind that holds.
KINDS = (
    Kind("gap", "critical", "Drug runs out before delivery", "Call the patient; arrange a bridge supply or a courier"),
    Kind("temperature", "critical", "Temperature excursion on the way", "Hold the parcel; pharmacist assesses; reship"),
    Kind("exception", "high", "Carrier exception", "Open a trace with the carrier; tell the patient a new time"),
    Kind("attempt", "high", "Delivery attempt failed", "Confirm address and time with the patient; rebook"),
    Kind("promise", "high", "Past the promised delivery", "Call the carrier's depot; tell the patient a new time"),
    Kind("denied", "high", "Prior authorization denied", "Start the appeal, or ask the prescriber for another drug"),
    Kind("urgent", "high", "Urgent order over its limit", "Pull it to the front of its stage"),
    Kind("received", "medium", "Intake overdue", "Start the intake"),
    Kind("info", "medium", "Waits for information", "Call the prescriber for what is missing"),
    Kind("payer", "medium", "Payer overdue", "Call the payer: benefits, authorization or appeal"),
    Kind("financial", "medium", "Financial clearance overdue", "Offer copay assistance; resubmit the claim"),
    Kind("clinical", "medium", "Clinical review overdue", "Assign a pharmacist"),
    Kind("scheduling", "medium", "Patient not scheduled", "Call the patient; agree on a day"),
    Kind("warehouse", "medium", "Warehouse overdue", "Expedite fill, check, pack or label; look at the line"),
    Kind("carrier", "medium", "Carrier overdue", "Ask the carrier for the next scan"),
)
BY_KEY = {kind.key: kind for kind in KINDS}
STAGES_OF = {
    "received": ("RECEIVED", "INTAKE"),
    "info": ("INFO_HOLD",),
    "payer": ("BENEFITS", "PA_PENDING", "APPEAL"),
    "financial": ("FINANCIAL",),
    "clinical": ("CLINICAL",),
    "scheduling": ("SCHEDULING",),
    "warehouse": ("FILL", "QA", "PACK", "LABELLED"),
    "carrier": CARRIER_STAGES,
}
KIND_OF_STAGE = {stage: kind for kind, stages in STAGES_OF.items() for stage in stages}  # where nothing worse holds


def with_exceptions(orders: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Add the columns `exception` (a kind's key, null where none), its label, and `open_stage` (null where closed).

    `orders` are as `with_expectations` gives them.
    """
    is_open, breached = orders["status"] == "open", orders["risk"] == "breached"
    held = {  # in the order of KINDS, of which those by the stage come last
        "gap": orders["gap"] == "red",
        "temperature": (orders["is_cold_chain"] == True) & (orders["minutes_outside_range"] > MINUTES_ALLOWED),  # noqa: E712 (nulls)
        "exception": orders["stage"] == "EXCEPTION",
        "attempt": orders["stage"] == "ATTEMPT_FAILED",
        "promise": orders["promised_at"] < now,
        "denied": orders["stage"] == "PA_DENIED",
        "urgent": breached & (orders["priority"] == "urgent"),
    }
    by_stage = orders["stage"].map(KIND_OF_STAGE).where(breached, None).to_numpy(object)
    worst = np.select([condition.to_numpy(bool) for condition in held.values()], list(held), default=by_stage)
    found = pd.Series(np.where(is_open & pd.notna(worst), worst, None), orders.index, dtype=object)
    labels = {kind.key: kind.what for kind in KINDS}
    return orders.assign(
        exception=found,
        exception_label=found.map(labels),
        open_stage=orders["stage"].where(is_open),
    )


def exception_groups(orders: pd.DataFrame) -> list[dict]:
    """Return one dict a kind that occurs, the worst first: key, severity, what, action, order_count, longest_since.

    `longest_since` is the instant since when the longest has been in its stage (ISO 8601; None where unknown).
    """
    found = orders.loc[orders["exception"].notna(), ["exception", "stage_entered_at"]]
    counts = found.groupby("exception")["stage_entered_at"].agg(["size", "min"])
    return [
        {
            "kind": kind.key,
            "severity": kind.severity,
            "what": kind.what,
            "action": kind.action,
            "order_count": int(counts.loc[kind.key, "size"]),
            "longest_since": instant_text(counts.loc[kind.key, "min"]),
        }
        for kind in KINDS
        if kind.key in counts.index
    ]
