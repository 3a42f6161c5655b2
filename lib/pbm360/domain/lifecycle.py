"""State in plain Python how a set of events becomes an order's row: the oracle that tests hold the SQL against.

The rules, in the order in which they are applied:
1. A distinct event is (source, event_id); of several copies the one with the least (known_at, message_id) stands.
2. An event that another one of its source and order names in `corrects_id` is void. The correction takes its place,
   unless its reason is `did_not_occur`: then it is no event of the order either.
3. Where a referral names another patient than the referral before it, the order id is used anew: the events are told
   apart by the patient they name, else by time (`split_reused`), and the later order is called `A17 (2)`.
4. A milestone is the earliest event_at of its types among the events that are left.
5. The total order of events is (event_at, stage_order with nulls last, source, event_id). An attribute is the first
   non-null value in that order, `carrier` and `promised_at` the last one.
6. The stage is that of the last stage-bearing event; where there are terminal ones only those compete, and
   cancellations only where there is no other terminal one. It was entered by the first event of the last unbroken
   run of that stage among those that compete.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pbm360.domain.rules import stages

Event = Mapping[str, object]  # the columns of pbm_silver.stg_order_events

MILESTONES = {
    "received_at": ("referral_received",),
    "intake_completed_at": ("intake_completed",),
    "benefits_completed_at": ("benefits_completed",),
    "prior_authorization_submitted_at": ("pa_submitted",),
    "prior_authorization_decided_at": ("pa_approved", "pa_denied"),
    "clinical_verified_at": ("clinical_verified",),
    "filled_at": ("filled",),
    "packed_at": ("packed",),
    "shipped_at": ("shipped",),
    "delivered_at": ("delivered",),
    "cancelled_at": ("order_cancelled", "appeal_decided"),  # of appeals the denied ones alone
}
FIRST_ATTRIBUTES = (
    "patient_key",
    "drug_ndc",
    "pharmacy_id",
    "priority",
    "days_supply",
    "fill_number",
    "is_reship",
    "previous_order_id",
)
LAST_ATTRIBUTES = ("carrier", "promised_at")
STATUS_OF_STAGE = {"DELIVERED": "delivered", "CANCELLED": "cancelled", "RETURNED": "returned", "LOST": "lost"}
INTERVENTIONS = frozenset(["info_requested", "pa_submitted", "claim_rejected", "qa_failed"])
ATTEMPTS = frozenset(["attempt_failed", "delivered"])
MINUTES_ALLOWED_OUTSIDE = 30  # [A] of a cold shipment, all excursions together
PARTS_OF_PERFECT = ("is_on_time", "is_complete", "is_undamaged", "is_in_temperature", "is_documented")
NO_STAGE_ORDER = 10**9  # an event without a stage comes last among those of its instant


def order_rows(events: Iterable[Event]) -> list[dict[str, object]]:
    """Return one row per order, by order id: the columns of `pbm_gold.fact_order_lifecycle`.

    `events` are rows of `pbm_silver.stg_order_events`, in any order, with any copies; times are aware datetimes.
    An order whose events are all void has no row.
    """
    by_order = defaultdict(list)
    for event in distinct_events(events):
        by_order[event["order_id"]].append(event)
    rows = []
    for reported_order_id, found in sorted(by_order.items()):
        for order_id, own in split_reused(reported_order_id, effective_events(found)).items():
            rows.append(order_row(order_id, own, reported_order_id))
    return rows


def distinct_events(events: Iterable[Event]) -> list[Event]:
    """Keep of each (source, event_id) the copy with the least (known_at, message_id)."""
    standing: dict[tuple, Event] = {}
    for event in events:
        key = (event["source"], event["event_id"])
        if key not in standing or _copy_rank(event) < _copy_rank(standing[key]):
            standing[key] = event
    return list(standing.values())


def effective_events(events: Iterable[Event]) -> list[Event]:
    """Apply the corrections among one order's distinct events, and return what is left in the total order."""
    events = list(events)
    void = {(event["source"], event["corrects_id"]) for event in events if event.get("corrects_id")}
    left = [
        event
        for event in events
        if (event["source"], event["event_id"]) not in void and event.get("correction_reason") != "did_not_occur"
    ]
    return sorted(left, key=event_rank)


def split_reused(reported_order_id: str, events: Sequence[Event]) -> dict[str, list[Event]]:
    """Tell the orders apart that were reported under one id: each order's id and its events, in the total order."""
    starts: list[tuple[int, object]] = []  # (place of the first event, patient) of each use of the id
    for place, event in enumerate(events):
        patient = event.get("patient_key")
        is_referral = event["event_type"] == "referral_received" and patient is not None
        if is_referral and (not starts or starts[-1][1] != patient):
            starts.append((place if starts else 0, patient))
    found: dict[str, list[Event]] = {}
    for place, event in enumerate(events):
        use = _use_of_id(starts, place, event.get("patient_key"))
        order_id = reported_order_id if use == 1 else f"{reported_order_id} ({use})"
        found.setdefault(order_id, []).append(event)
    return found


def _use_of_id(starts: Sequence[tuple[int, object]], place: int, patient: object) -> int:
    """Return which use of the id an event belongs to, from 1: the patient's own, else the last one begun by then."""
    own = [number for number, (_, named) in enumerate(starts, 1) if patient is not None and named == patient]
    begun = [number for number in own if starts[number - 1][0] <= place]
    if own:
        return begun[-1] if begun else own[0]
    return max((number for number, (first, _) in enumerate(starts, 1) if first <= place), default=1)


def event_rank(event: Event) -> tuple:
    """Return the event's place in the total order of an order's events."""
    stage_order = event.get("stage_order")
    return (
        event["event_at"],
        NO_STAGE_ORDER if stage_order is None else stage_order,
        event["source"],
        event["event_id"],
    )


def order_row(order_id: str, events: Sequence[Event], reported_order_id: str | None = None) -> dict[str, object]:
    """Return the row of one order from its effective events in the total order (at least one).

    `turnaround_business_days`, which needs the pharmacies' calendars, is left out.
    """
    row: dict[str, object] = {"order_id": order_id, "reported_order_id": reported_order_id or order_id}
    row |= {name: _first_value(events, name) for name in FIRST_ATTRIBUTES}
    row |= {name: _first_value(reversed(events), name) for name in LAST_ATTRIBUTES}
    row |= {name: _earliest(events, types) for name, types in MILESTONES.items()}
    row["received_date"] = (row["received_at"] or events[0]["event_at"]).astimezone(datetime.UTC).date()
    row |= _stage_columns(events) | _duration_columns(row) | _count_columns(events) | _quality_columns(events)
    return row | _outcome_columns(row, events)


def _copy_rank(event: Event) -> tuple:
    return event["known_at"], event["message_id"]


def _first_value(events: Iterable[Event], column: str):
    return next((event[column] for event in events if event.get(column) is not None), None)


def _earliest(events: Sequence[Event], types: tuple[str, ...]):
    times = (event["event_at"] for event in events if event["event_type"] in types and not _overturned(event))
    return next(times, None)  # the events are sorted by time


def _overturned(event: Event) -> bool:
    return event["event_type"] == "appeal_decided" and event.get("decision") != "denied"


def _stage_columns(events: Sequence[Event]) -> dict[str, object]:
    bearing = [event for event in events if event.get("stage") is not None]
    if not bearing:
        return {"stage": None, "stage_entered_at": None, "sla_due_at": None, "status": "open"}
    terminal = [event for event in bearing if stages()[event["stage"]].is_terminal]
    final = [event for event in terminal if event["stage"] != "CANCELLED"] or terminal
    competing = final or bearing
    stage, entered_at = competing[-1]["stage"], _run_start(competing)
    sla_hours = stages()[stage].sla_hours
    return {
        "stage": stage,
        "stage_entered_at": entered_at,
        "sla_due_at": None if sla_hours is None else entered_at + datetime.timedelta(hours=sla_hours),
        "status": STATUS_OF_STAGE.get(stage, "open"),
    }


def _run_start(events: Sequence[Event]):
    """Return the time of the first event of the last unbroken run of one stage."""
    start = len(events) - 1
    while start and events[start - 1]["stage"] == events[-1]["stage"]:
        start -= 1
    return events[start]["event_at"]


def _duration_columns(row: Mapping[str, object]) -> dict[str, object]:
    turnaround = _hours_between(row["received_at"], row["shipped_at"])
    delivery = _hours_between(row["shipped_at"], row["delivered_at"])
    authorization = _hours_between(row["prior_authorization_submitted_at"], row["prior_authorization_decided_at"])
    known = row["delivered_at"] is not None and row["promised_at"] is not None
    return {
        "turnaround_hours": turnaround if turnaround is None or turnaround >= 0 else None,
        "delivery_hours": delivery if delivery is None or delivery >= 0 else None,
        "prior_authorization_hours": authorization if authorization is None or authorization >= 0 else None,
        "has_clock_skew": any(hours is not None and hours < 0 for hours in (turnaround, delivery, authorization)),
        "is_on_time": row["delivered_at"] <= row["promised_at"] if known else None,
    }


def _hours_between(start, end) -> float | None:
    return None if start is None or end is None else (end - start) / datetime.timedelta(hours=1)


def _count_columns(events: Sequence[Event]) -> dict[str, object]:
    types = [event["event_type"] for event in events]
    return {
        "is_clean": not INTERVENTIONS.intersection(types),
        "delivery_attempt_count": sum(event_type in ATTEMPTS for event_type in types),
        "rework_count": types.count("qa_failed"),
        "event_count": len(types),
        "first_event_at": events[0]["event_at"],
        "last_event_at": events[-1]["event_at"],
    }


def _quality_columns(events: Sequence[Event]) -> dict[str, object]:
    """Return what is known of the package: the last report of each; the minutes of all excursions together."""
    packed = [e for e in events if e.get("items_packed") is not None and e.get("items_expected") is not None]
    condition = _first_value(reversed(events), "condition")
    types = [event["event_type"] for event in events]
    is_cold = any(
        event.get("pack_type") in ("cold", "frozen") or event.get("temperature_class") in ("refrigerated", "frozen")
        for event in events
    )
    is_monitored = any(event_type in ("temperature_reading", "temperature_excursion") for event_type in types)
    minutes = sum(e.get("minutes_outside") or 0 for e in events if e["event_type"] == "temperature_excursion")
    in_range = minutes <= MINUTES_ALLOWED_OUTSIDE if is_monitored else None
    return {
        "is_complete": packed[-1]["items_packed"] >= packed[-1]["items_expected"] if packed else None,
        "is_undamaged": None if condition is None else condition == "intact",
        "is_documented": _first_value(reversed(events), "is_documents_complete"),
        "is_cold_chain": is_cold,
        "is_temperature_monitored": is_monitored,
        "minutes_outside_range": minutes,
        "is_in_temperature": in_range if is_cold else True,
    }


def _outcome_columns(row: Mapping[str, object], events: Sequence[Event]) -> dict[str, object]:
    """Return what became of the order: authorization, cancellation, abandonment, perfect order, cover."""
    decisions = [e["event_type"] for e in events if e["event_type"] in ("pa_approved", "pa_denied")]
    appeals = [e["decision"] for e in events if e["event_type"] == "appeal_decided" and e.get("decision") is not None]
    reason = _first_value((e for e in events if e["event_type"] == "order_cancelled"), "reason")
    parts = [row[name] for name in PARTS_OF_PERFECT]
    stages_entered = [event["event_type"] for event in events if event.get("stage") is not None]
    supply, delivered_at = row["days_supply"], row["delivered_at"]
    return {
        "cancellation_reason": reason,
        "is_prior_authorization_first_pass": decisions[0] == "pa_approved" if decisions else None,
        "is_appeal_overturned": appeals[0] == "approved" if appeals else None,
        "is_orphan": row["received_at"] is None,
        "is_abandoned": row["stage"] == "CANCELLED" and row["filled_at"] is None and reason in ("patient", "cost"),
        "is_perfect": False if False in parts else None if None in parts else True,
        "covered_until_at": None if None in (supply, delivered_at) else delivered_at + datetime.timedelta(days=supply),
        "has_repeated_activity": len(stages_entered) > len(set(stages_entered)),
    }
