"""Five shapes of export become events by their mappings alone; every count here was worked out by hand.

The files lie in `data/`, a dozen rows each; four of them tell the same orders, each its own part.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pbm360 import broker, medallion
from pbm360.feeds.importer import import_file
from tests.messages import bronze_row

DATA = Path(__file__).parent / "data"
DAY = datetime.date(2026, 11, 20)
FILES = {
    "order_table": "order_table.csv",
    "scanner_log": "scanner_log.csv",
    "carrier_tracking": "carrier_tracking.csv",
    "survey_export": "survey_export.ndjson",
    "hospital_billing": "hospital_billing.csv",
}
EVENTS = {
    "order_table": {
        "referral_received": 9,  # not of 10008, which has no times at all
        "intake_completed": 7,
        "pa_submitted": 3,
        "pa_approved": 2,
        "clinical_verified": 6,
        "patient_scheduled": 4,
        "filled": 4,
        "shipped": 4,
        "delivered": 3,
        "order_cancelled": 1,
    },
    "scanner_log": {
        "picked": 3,
        "filled": 4,
        "qa_passed": 4,
        "qa_failed": 1,
        "packed": 2,
        "label_created": 1,
        "shipped": 2,
    },
    "carrier_tracking": {"in_transit": 5, "out_for_delivery": 4, "delivered": 3, "attempt_failed": 1, "exception": 1},
    "survey_export": {"survey": 9},
    "hospital_billing": {
        "referral_received": 3,
        "info_received": 1,
        "intake_completed": 1,
        "benefits_started": 1,
        "claim_rejected": 1,
        "info_requested": 1,
        "benefits_completed": 1,
        "delivered": 1,
        "call": 1,
        "order_cancelled": 1,
    },
}
LEDGERS = {  # (verdict, reason, detail): messages
    "order_table": {
        ("accepted", "", ""): 41,
        ("rejected", "invalid_time", "time"): 1,  # 10006 was received "soon"
        ("rejected", "missing_field", "subject"): 1,
    },
    "scanner_log": {
        ("accepted", "", ""): 14,
        ("duplicate", "duplicate", ""): 1,  # scan 9011 was exported twice
        ("rejected", "invalid_time", "time"): 1,  # of a thirteenth month
        ("rejected", "missing_field", "subject"): 1,
    },
    "carrier_tracking": {("accepted", "", ""): 13, ("rejected", "missing_field", "subject"): 1},  # parcel 1Z777
    "survey_export": {
        ("accepted", "", ""): 7,
        ("duplicate", "duplicate", ""): 1,  # answer r-1 was exported twice
        ("rejected", "missing_field", "subject"): 1,
    },
    "hospital_billing": {("accepted", "", ""): 11, ("rejected", "missing_field", "subject"): 1},
}
ORDERS = {  # order: status, stage, received, delivered (UTC; 14:15 is 08:15 in Chicago), on time, failed checks
    "10001": ("delivered", "DELIVERED", "2026-03-02 14:15", "2026-03-10 17:31", True, 0),
    "10002": ("delivered", "DELIVERED", "2026-03-02 14:40", "2026-03-05 17:02", True, 1),
    "10003": ("cancelled", "CANCELLED", "2026-03-02 15:05", None, None, 0),
    "10004": ("delivered", "DELIVERED", "2026-03-08 04:10", "2026-03-11 15:44", False, 0),
    "10005": ("open", "RECEIVED", "2026-03-09 13:00", None, None, 0),
    "10006": ("open", "SCHEDULING", None, None, None, 0),
    "10007": ("open", "SHIPPED", "2026-03-11 13:20", None, None, 0),
    "10009": ("open", "SCHEDULING", "2026-03-12 15:00", None, None, 0),
    "HB-X1": ("delivered", "DELIVERED", "2013-01-07 08:00", "2013-02-10 10:00", None, 0),
    "HB-X2": ("cancelled", "CANCELLED", "2013-03-31 01:30", None, None, 0),  # received in the hour that never was
}


@pytest.fixture(scope="module")
def imported(stack_settings, make_warehouse):
    """Import every file, land what was published, build: (reports by mapping, warehouse)."""
    warehouse = make_warehouse()
    settings = replace(stack_settings, project=warehouse.settings.project)
    broker.ensure_topics(settings)
    reports = {name: import_file(settings, DATA / file, Path(name)) for name, file in FILES.items()}
    rows = []
    while messages := broker.pull(settings, settings.subscription, 1000, timeout_seconds=1.0):
        broker.acknowledge(settings, settings.subscription, [message.ack_id for message in messages])
        rows += [landed(message.message_id, message.data, message.attributes) for message in messages]
    warehouse.load_rows("bronze.raw_orders", rows)
    medallion.build(warehouse, DAY)
    return reports, warehouse


def landed(message_id, payload, attributes):
    return bronze_row(message_id, payload, "20 09:00") | {"attributes": json.dumps(dict(attributes))}


@pytest.mark.parametrize("name", FILES)
def test_every_row_becomes_the_events_that_it_tells(imported, name):
    assert imported[0][name].survey.event_counts == EVENTS[name]


@pytest.mark.parametrize("name", FILES)
def test_every_event_has_one_verdict(imported, name):
    reports, warehouse = imported
    parameters = {"import_id": reports[name].import_id, "first_date": DAY, "last_date": DAY}
    ledger = warehouse.run("feeds/import_ledger.sql", parameters).to_pylist()
    assert {(row["verdict"], row["reason_code"], row["detail"]): row["message_count"] for row in ledger} == LEDGERS[
        name
    ]


def test_what_is_no_event_is_said(imported):
    surveys = {name: report.survey for name, report in imported[0].items()}
    assert surveys["order_table"].rows_without_event_count == 1
    assert surveys["order_table"].nonexistent_time_count == 1  # half past two on the night the clocks went forward
    assert surveys["scanner_log"].ignored_counts == {"HEARTBEAT": 1}
    assert surveys["carrier_tracking"].ignored_counts == {"MI": 1}
    assert surveys["carrier_tracking"].alone_counts == {"shipments.csv": 1}
    assert surveys["hospital_billing"].ambiguous_time_count == 1  # half past two on the night they went back


def test_four_files_make_one_story_of_each_order(imported):
    orders = imported[1].read_table("gold.fact_order_lifecycle").to_pylist()
    assert {
        row["order_id"]: (
            row["status"],
            row["stage"],
            minute(row["received_at"]),
            minute(row["delivered_at"]),
            row["is_on_time"],
            row["rework_count"],
        )
        for row in orders
    } == ORDERS
    patients = {row["order_id"]: row["patient_key"] for row in orders}
    assert patients["10001"] == patients["10005"] != patients["10002"]  # M-1 ordered twice


def test_answers_are_of_the_orders_that_they_name(imported):
    feedback = imported[1].read_table("gold.fact_patient_feedback").to_pylist()
    assert Counter((row["order_id"], row["nps"]) for row in feedback if row["feedback_type"] == "survey") == Counter(
        [("10001", 10), ("10002", 7), ("10002", 8), ("10003", 6), ("10004", 3), ("10007", None), ("10009", 0)]
    )


def minute(instant):
    return f"{instant:%Y-%m-%d %H:%M}" if instant else None
