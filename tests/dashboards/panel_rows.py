"""Hand-made rows behind each panel of the Command Center, in all of which something is to be counted."""

from __future__ import annotations

import datetime

from pbm360.warehouse import Warehouse
from tests.fact_rows import fact_row

DRUG, PATIENT_COUNT = "99999000101", 6
USUAL_COUNT = 12  # events of the hour a week ago


def fill_panels(warehouse: Warehouse) -> None:
    """Load the rows, as of now, unless the warehouse holds them: a session has one for all its files."""
    if warehouse.query("select 1 from pbm_gold.fact_order_lifecycle where order_id = 'P0'").num_rows:
        return
    now = datetime.datetime.now(datetime.UTC)
    warehouse.load_rows("gold.fact_order_lifecycle", [*orders(now), *changes(now), *orders_of_weeks_before(now)])
    warehouse.load_rows("gold.fact_stage_visits", list(visits(now)))
    warehouse.load_rows("silver.stg_order_events", [*events(now), *events_of_a_week_ago(now)])
    warehouse.load_rows("ops.risk_scores", list(forecasts(now)))
    warehouse.load_rows("ops.alerts", list(alerts(now)))
    beat_at = now - datetime.timedelta(minutes=10)
    warehouse.load_rows("ops.heartbeats", [{"process": "stream", "beat_at": beat_at, "beat_date": beat_at.date()}])
    run = {"run_id": "panels", "run_date": now.date(), "status": "published", "cut_at": now, "started_at": now}
    warehouse.load_rows("ops.batch_runs", [run | {"finished_at": now}])


def orders(now):
    """Open orders of six patients whose drug ends in days of which each has one more, and what was delivered before."""
    for number in range(PATIENT_COUNT):
        person = {"patient_key": f"p{number}", "drug_ndc": DRUG, "pharmacy_id": "PH1"}
        promised = {"promised_at_hours_ago": -30 + 6 * number}
        yield fact_row(f"P{number}", "FILL", now, 1 + number, received_at_hours_ago=1 + number, **person, **promised)
        delivered = {"delivered_at_hours_ago": 24 * (29.5 - number) + 2, "days_supply": 30}
        yield fact_row(f"B{number}", "DELIVERED", now, 24 * (29.5 - number) + 2, **delivered, **person)
    for number in range(40):
        hours = {"received_at_hours_ago": 90, "shipped_at_hours_ago": 3 + number % 5, "delivered_at_hours_ago": 2.2}
        kept = {"carrier": ("ups", "fedex")[number % 2], "is_on_time": number % 3 > 0}
        cold = {"is_cold_chain": True, "is_temperature_monitored": number % 4 > 0, "is_in_temperature": number % 8 > 1}
        yield fact_row(f"V{number:02}", "DELIVERED", now, 2.2, **hours, **kept, **cold)


def visits(now):
    """One visit of the stage Fill for each delivery, which took one hour more each."""
    for number in range(40):
        entered = now - datetime.timedelta(hours=2.2 + 1 + number)
        yield {
            "order_id": f"V{number:02}",
            "reported_order_id": f"V{number:02}",
            "visit_number": 1,
            "stage": "FILL",
            "entered_at": entered,
            "entered_date": entered.date(),
            "stage_visit_number": 1,
            "is_allowed": True,
        }


def events(now):
    """Picks of each open order, and of two that went on."""
    moves = [(f"P{number}", "picked", "FILL", 80, 1 + number) for number in range(PATIENT_COUNT)]
    moves += [(f"G{number}", "picked", "FILL", 80, 3) for number in range(2)]
    moves += [(f"G{number}", "filled", "QA", 90, 0.5) for number in range(2)]
    for number, (order_id, kind, stage, place, hours) in enumerate(moves):
        at = now - datetime.timedelta(hours=hours)
        event = {"event_id": f"t{number}", "source": "wms", "event_type": kind, "order_id": order_id, "stage": stage}
        event |= {"stage_order": place, "message_id": f"t{number}", "event_date": at.date(), "schema_version": 1}
        yield event | dict.fromkeys(("event_at", "publish_time", "ingested_at", "known_at"), at)


def changes(now):
    """One order or more for each thing that may have changed in the last hour, and for the forecast."""
    for stage in ("EXCEPTION", "ATTEMPT_FAILED", "PA_DENIED"):
        yield fact_row(f"C-{stage}", stage, now, 0.4, carrier="ups")
    yield fact_row("C-late", "FILL", now, 24.3)
    yield fact_row("C-end", "CANCELLED", now, 0.3, cancelled_at_hours_ago=0.3, received_at_hours_ago=0.6)
    for number in range(4):
        yield fact_row(f"R{number}", "CLINICAL", now, 2)


def orders_of_weeks_before(now):
    """Deliveries of three weeks before, by which the plan and the carriers' own history are reckoned."""
    for week in (1, 2, 3):
        for number in range(12):
            hours = 24 * 7 * week + number
            moments = {"received_at_hours_ago": hours + 100, "shipped_at_hours_ago": hours + 28}
            moments["delivered_at_hours_ago"] = hours + 24
            kept = {"carrier": ("ups", "fedex")[number % 2], "is_on_time": number % 6 > 1 - week // 2}
            yield fact_row(f"H{week}-{number:02}", "DELIVERED", now, hours + 24, **moments, **kept)


def forecasts(now):
    """Three orders that may miss an SLA that lies ahead, and one whose SLA is over."""
    for number, (chance, hours) in enumerate(((0.456, 5), (0.9, 30), (0.1, 50), (0.99, -1))):
        due_at = now + datetime.timedelta(hours=hours)
        row = {"order_id": f"R{number}", "p_miss_sla": chance, "due_at": due_at, "scored_at": now}
        eta = {"eta_p90_at": due_at + datetime.timedelta(hours=20), "eta_p50_at": due_at}
        yield row | eta | {"reason_1": f"queue of {number}", "model_version": "counted-1"}


def alerts(now):
    """Two open alerts, of which one is taken, and one that is closed."""
    opened_at = now - datetime.timedelta(hours=3)
    alert = {"rule": "backlog", "message": "over its limit", "level": 2.0, "owner": "Warehouse", "opened_at": opened_at}
    alert |= {"last_seen_at": now}
    yield alert | {"alert_id": "a1", "subject": "Fill", "severity": "high", "acknowledged_by": "Ines"}
    yield alert | {"alert_id": "a2", "subject": "UPS", "severity": "critical"}
    yield alert | {"alert_id": "a3", "subject": "Pack", "severity": "medium", "closed_at": now}


def events_of_a_week_ago(now):
    """What the warehouse's scanners sent in this hour a week ago, and one before it: the week is whole."""
    hours = [7 * 24 + 0.5] * USUAL_COUNT + [8 * 24]
    for number, at in enumerate(now - datetime.timedelta(hours=each) for each in hours):
        event = {"event_id": f"w{number}", "source": "wms", "event_type": "picked", "order_id": "W", "stage": "FILL"}
        event |= {"stage_order": 80, "message_id": f"w{number}", "event_date": at.date(), "schema_version": 1}
        yield event | dict.fromkeys(("event_at", "publish_time", "ingested_at", "known_at"), at)
