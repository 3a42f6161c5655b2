"""Rows that break each check of `sql/checks` once and more, and a truth that gold does not agree with."""

from __future__ import annotations

import datetime

from tests.sql.scenario import instant

DAY = datetime.date(2026, 11, 19)
WEEK = datetime.timedelta(days=7)
BROKEN_DAY = DAY
MINUTE = datetime.timedelta(minutes=1)
START, LATER = instant("19 09:00"), instant("19 10:00")
EVENT = {
    "event_id": "e1",
    "source": "oms",
    "event_type": "shipped",
    "event_at": START,
    "event_date": DAY,
    "order_id": "A1",
    "message_id": "m1",
    "publish_time": LATER,
    "ingested_at": LATER,
    "known_at": LATER,
    "schema_version": 1,
}
FLAGS = dict.fromkeys(
    ["is_orphan", "is_abandoned", "is_cold_chain", "is_temperature_monitored", "has_repeated_activity"], False
)
FACT = {
    **FLAGS,
    "order_id": "A1",
    "reported_order_id": "A1",
    "minutes_outside_range": 0,
    "received_date": DAY,
    "received_at": START,
    "stage": "RECEIVED",
    "status": "open",
    "has_clock_skew": False,
    "is_clean": True,
    "delivery_attempt_count": 0,
    "rework_count": 0,
    "event_count": 1,
    "first_event_at": START,
    "last_event_at": LATER,
}
VISIT = {
    "order_id": "A1",
    "reported_order_id": "A1",
    "visit_number": 1,
    "stage": "RECEIVED",
    "entered_at": START,
    "entered_date": DAY,
    "stage_visit_number": 1,
    "is_allowed": True,
}
FEEDBACK = {
    "event_id": "f1",
    "source": "crm",
    "order_id": "A1",
    "reported_order_id": "A1",
    "feedback_type": "survey",
    "occurred_at": LATER,
    "occurred_date": DAY,
    "order_status": "open",
    "is_after_delivery": False,
}
BEFORE = DAY - datetime.timedelta(days=1)
PERIOD = {"valid_from": DAY, "is_latest": True}
REFUSAL = {"message_id": "r1", "reason_code": "wrong_type", "publish_time": START, "known_at": START, "known_date": DAY}
LEDGER = dict.fromkeys(["accepted_count", "duplicate_count", "rejected_count", "unaccounted_count"], 0)
LEDGER["reconciled_at"] = START
BROKEN = {
    "silver.stg_order_events": [
        EVENT,
        {**EVENT, "message_id": "m2"},
        {**EVENT, "event_id": "e2", "event_date": DAY + datetime.timedelta(days=1)},
        {**EVENT, "event_id": "e3", "event_at": instant("19 23:59:59.999999"), "event_type": "teleported"},
        {**EVENT, "event_id": "e4", "patient_key": "P1"},
        {**EVENT, "event_id": "e5", "patient_key": "0123456789abcdef" * 2, "known_at": instant("19 08:50")},
        {**EVENT, "event_id": "e6", "known_at": instant("19 08:49:59.999999")},
        *(
            {**EVENT, "event_id": f"p{weeks}", "source": "payer", "event_date": moment.date(), "known_at": moment}
            for weeks, moment in ((1, instant("19 23:00") - WEEK), (2, instant("19 22:00") - 2 * WEEK))
        ),
        *(
            {
                **EVENT,
                "event_id": f"{scanner}-{number}",
                "event_type": "packed",
                "scanner_id": scanner,
                "known_at": known,
            }
            for scanner, known in (("S1", START), ("S2", START + 5 * MINUTE), ("S3", START), ("S4", START - MINUTE))
            for number in range(20 if scanner != "S4" else 19)
        ),
    ],
    "live.order_events": [
        {**EVENT, "event_id": "only-live", "message_id": "l1"},
        {**EVENT, "event_id": "e3", "event_at": START, "event_type": "shipped"},
    ],
    "ops.reconciliation": [
        {**LEDGER, "source": source, "known_date": DAY - weeks * WEEK, "received_count": count}
        for source, counts in (("payer", (10, 100, 100)), ("wms", (400, 100, 100)), ("iot", (1, 4, 4)))
        for weeks, count in enumerate(counts)
    ],
    "bronze.oms_orders": [
        {"snapshot_date": DAY, "order_id": "untold", "patient_id": "P1", "created_at": START - WEEK},
        {"snapshot_date": DAY, "order_id": "of-today", "patient_id": "P1", "created_at": START},
        {"snapshot_date": DAY - WEEK, "order_id": "A1", "patient_id": "P1", "created_at": START - 2 * WEEK},
    ],
    "silver.rejected_events": [REFUSAL, REFUSAL, {**REFUSAL, "message_id": "m1", "detail": "nps"}],
    "gold.fact_order_lifecycle": [
        FACT,
        FACT,
        {**FACT, "order_id": "B1", "status": "shipped", "stage": None, "received_at": None},
        {**FACT, "order_id": "C1", "status": "delivered", "turnaround_hours": -0.1, "delivery_hours": 2.0},
        {**FACT, "order_id": "D1", "turnaround_hours": None, "delivery_hours": -1.0},
        {**FACT, "order_id": "E1", "first_event_at": LATER, "last_event_at": START},
        {**FACT, "order_id": "F1", "event_count": 0, "turnaround_hours": 0.0, "prior_authorization_hours": -1.0},
        {**FACT, "order_id": "A1 (2)", "is_perfect": True},
    ],
    "gold.fact_stage_visits": [
        VISIT,
        VISIT,
        {**VISIT, "visit_number": 2, "wait_hours": -0.5, "is_allowed": False},
        {**VISIT, "order_id": "nowhere", "wait_hours": 0.0},
    ],
    "gold.fact_patient_feedback": [
        FEEDBACK,
        FEEDBACK,
        {**FEEDBACK, "event_id": "f2", "order_id": "nowhere", "nps": 9, "nps_category": "promoter"},
        {**FEEDBACK, "event_id": "f3", "nps": 9, "nps_category": "passive"},
        {**FEEDBACK, "event_id": "f4", "nps": 6},
    ],
    "gold.dim_drugs": [
        {**PERIOD, "drug_ndc": "99999000101", "name": "Twice"},
        {**PERIOD, "drug_ndc": "99999000101", "name": "Twice"},
        {**PERIOD, "drug_ndc": "9999900010", "name": "Ten digits", "is_latest": False},
        {**PERIOD, "drug_ndc": "٩9999000101", "name": "A digit of another script", "valid_to": BEFORE},
    ],
    "gold.dim_patients": [
        {**PERIOD, "patient_key": "0" * 32, "zip3": "100"},
        {**PERIOD, "patient_key": "0" * 32, "zip3": None},
        {**PERIOD, "patient_key": "P1", "zip3": "100", "age_band": "90+", "is_latest": False},
        {**PERIOD, "patient_key": "A" * 32, "zip3": "100", "valid_to": BEFORE},
        {**PERIOD, "patient_key": "1" * 32, "zip3": "03601"},
    ],
    "gold.dim_pharmacies": [
        {**PERIOD, "pharmacy_id": "PH1", "time_zone": "UTC", "name": "Twice", "open_days": "1111100"},
        {**PERIOD, "pharmacy_id": "PH1", "time_zone": "UTC", "name": "Twice", "open_days": None},
        {**PERIOD, "pharmacy_id": "PH2", "time_zone": "", "name": "Nowhere", "is_latest": False},
        {**PERIOD, "pharmacy_id": "PH3", "time_zone": "America/New_York", "name": "Six days", "open_days": "111110"},
        {**PERIOD, "pharmacy_id": "PH4", "time_zone": "Africa/Cairo", "name": "Ended before", "valid_to": BEFORE},
    ],
    "gold.dim_stages": [
        {"stage": "RECEIVED", "stage_order": 10, "label": "again", "sla_hours": 4.0, "is_terminal": False},
        {"stage": "ENDLESS", "stage_order": 300, "label": "no hours", "sla_hours": None, "is_terminal": False},
    ],
}
ORDER = {
    "simulation_id": "s1",
    "pharmacy_id": "PH1",
    "patient_id": "P1",
    "drug_ndc": "99999000101",
    "stage": "RECEIVED",
    "status": "open",
    "event_count": 1,
    "received_at": START,
    "known_until": LATER,
}
MILESTONES = (
    "received_at",
    "intake_completed_at",
    "benefits_completed_at",
    "prior_authorization_submitted_at",
    "prior_authorization_decided_at",
    "clinical_verified_at",
    "filled_at",
    "packed_at",
    "shipped_at",
    "delivered_at",
    "cancelled_at",
    "promised_at",
)
TEXTS = ("stage", "status", "pharmacy_id", "drug_ndc", "carrier")
DEFECT = {
    "simulation_id": "s1",
    "defect": "missing_scan",
    "source": "wms",
    "event_id": "w1",
    "event_type": "packed",
    "event_at": START,
    "observed_at": LATER,
}
SCENARIO = {
    "scenario": "storm",
    "title": "a storm",
    "place": "PH01",
    "factor": 0.0,
    "disturbed_stage": "EXCEPTION",
    "begins_at": START,
    "ends_at": LATER,
}
KNOWABLE = {**ORDER, "is_phantom": False, "hidden_by": "orphan", "stage": "LABELLED", "carrier": "ups"}
TRUTH = {
    "truth.orders": [
        {**ORDER, "order_id": "A1", "received_at": LATER, "packed_at": START, "promised_at": LATER},
        {**ORDER, "order_id": "t1", **dict.fromkeys(MILESTONES, LATER)},  # gold has no row of it
        {**ORDER, "order_id": "F1", "simulation_id": "s2", "packed_at": START, "event_count": 2},
        {**ORDER, "order_id": "k2", "carrier": "ups", "delivered_at": LATER},
    ],
    "truth.knowable_orders": [
        {**KNOWABLE, "order_id": "k1", "of_order_id": "F1", "is_phantom": True},  # gold has no such order
        {**KNOWABLE, "order_id": "k2 (2)", "of_order_id": "k2"},  # and no defect hides anything of k2
    ],
    "truth.defects": [{**DEFECT, "order_id": "F1"}, {**DEFECT, "order_id": "t1", "defect": "late"}],
    "truth.scenarios": [{**SCENARIO, "simulation_id": name} for name in ("s1", "s2")],
}
