"""Three days in November 2026 with every edge that the build's statements know: the messages, order management, live.

Day 19 is built, then 20, then 21. What a build must not see yet is `ingested_at` after its cut.
"""

from __future__ import annotations

import datetime
import itertools
import json

from tests.sql.payloads import DOCUMENTS, event_bytes, raw_event

UTC = datetime.UTC
DAYS = [datetime.date(2026, 11, day) for day in (19, 20, 21)]
CUTS = {day: datetime.datetime.combine(day, datetime.time(23), UTC) for day in DAYS}
_numbers = itertools.count(1)


def instant(text: str) -> datetime.datetime:
    """Return an instant, UTC: `19 09:30` is 2026-11-19T09:30Z; other texts are ISO 8601."""
    if "-" not in text:
        text = f"2026-11-{text.replace(' ', 'T')}"
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def message(payload: bytes | None, known_at: str, ingested_at: str = "", message_id: str = "", source="oms") -> dict:
    """Return a row of `pbm_bronze.raw_orders`."""
    known = instant(known_at)
    ingested = instant(ingested_at) if ingested_at else known
    return {
        "message_id": message_id or f"m{next(_numbers):04}",
        "publish_time": ingested,
        "ingested_at": ingested,
        "known_at": known,
        "known_date": known.date(),
        "source": source,
        "attributes": json.dumps({"source": source, "import_id": "import-1"} if source else {}),
        "payload": payload,
    }


def happened(event_id: str, event_type: str, time: str, order_id: str, source: str = "oms", **data) -> bytes:
    """Return an event as its source sends it; `time` as it stands in the event."""
    return event_bytes(id=event_id, type=event_type, time=time, subject=order_id, source=source, data=data)


def life(order_id: str, *steps: tuple, known_at: str = "19 18:00") -> list[dict]:
    """Return messages about one order: each step is (type, time, source, data)."""
    return [
        message(
            happened(f"{order_id}-{number}", *step[:2], order_id, *step[2:3], **(step[3] if step[3:] else {})), known_at
        )
        for number, step in enumerate(steps)
    ]


WHOLE_LIFE = life(
    "whole",
    (
        "referral_received",
        "2026-11-19T09:00:00Z",
        "oms",
        {"patient_id": "P1", "pharmacy_id": "PH1", "priority": " STAT"},
    ),
    ("intake_completed", "2026-11-19T09:45:00Z"),
    ("benefits_started", "2026-11-19T10:30:00.000001Z", "payer"),
    ("pa_submitted", "2026-11-19T11:00:00Z", "payer", {"plan_type": "COMMERCIAL"}),
    ("pa_denied", "2026-11-19T11:59:59.999999Z", "payer", {"reject_codes": "75,76"}),
    ("pa_approved", "2026-11-19T12:00:00Z", "payer", {"patient_pay": 12.5}),
    ("filled", "2026-11-19T13:00:00Z", "wms", {"drug_ndc": "9999-9000-10", "days_supply": "28", "quantity": 1e2}),
    ("qa_failed", "2026-11-19T13:30:00Z", "wms"),
    ("filled", "2026-11-19T14:15:00Z", "wms", {"drug_ndc": "99999-0001-01", "fill_number": 2, "is_reship": "TRUE"}),
    ("qa_passed", "2026-11-19T15:00:00Z", "wms"),
    ("packed", "2026-11-19T16:00:00Z", "wms", {"items_expected": 2, "items_packed": 2, "documents_complete": True}),
    ("label_created", "2026-11-19T16:00:00Z", "wms", {"carrier": "UPS", "promised_at": "2026-11-19T18:45:00Z"}),
    ("shipped", "2026-11-19T16:45:00Z", "wms", {"zip3": "036"}),
    ("attempt_failed", "2026-11-19T17:15:00Z", "carrier", {"carrier": "FedEx", "substatus": "Weather"}),
    ("delivered", "2026-11-19T17:30:00Z", "carrier", {"promised_at": "2026-11-19T17:30:00Z", "condition": "intact"}),
    ("survey", "2026-11-19T17:45:00Z", "crm", {"nps": 9, "csat": "5", "wait": "0.500000000"}),
    ("temperature_reading", "2026-11-19T17:20:00Z", "iot", {"degrees_celsius": -0.0, "minutes_outside": 0}),
)
EDGES_OF_TIME = [
    *life(
        "midnight",
        ("referral_received", "2026-11-18T23:59:59.999999Z"),
        ("intake_completed", "2026-11-19T00:00:00Z"),
        ("benefits_started", "2026-11-19T23:59:59.9999999+00:00", "payer"),
        known_at="19 22:59:59.999999",
    ),
    *life(
        "offsets",
        ("referral_received", "2026-11-20T01:00:00+14:00"),
        ("shipped", "2026-11-18t22:15:00-13:59", "wms"),
        ("delivered", "2026-11-19 12:14:00.123456789z", "carrier", {"promised_at": "2026-11-19T12:14:00.123456Z"}),
    ),
    *life(
        "clocks-back",
        ("referral_received", "2026-11-01T01:30:00-04:00"),
        ("shipped", "2026-11-01T01:30:00-05:00", "wms"),
        ("delivered", "2026-11-01T02:15:00-05:00", "carrier"),
    ),
    *life(
        "clocks-forward",
        ("referral_received", "2026-03-08T01:59:59-05:00"),
        ("shipped", "2026-03-08T03:00:00-04:00", "wms"),
        ("delivered", "2026-03-08T02:30:00-05:00", "carrier"),
    ),
    *life("skewed", ("referral_received", "2026-11-19T12:00:00Z"), ("shipped", "2026-11-19T11:15:00Z", "wms")),
    *life("skewed-twice", ("shipped", "2026-11-19T12:00:00Z", "wms"), ("delivered", "2026-11-19T11:59:59Z", "carrier")),
    *life("first-of-all", ("referral_received", "2010-01-01T00:00:00Z"), ("shipped", "2026-11-20T18:00:00Z", "wms")),
]
WEEKS = [
    *life(
        "over-a-weekend",  # Thursday evening there to Tuesday morning
        ("referral_received", "2026-11-13T02:00:00Z", "oms", {"pharmacy_id": "PH1", "patient_id": "P1"}),
        ("shipped", "2026-11-17T14:00:00Z", "wms"),
    ),
    *life(
        "over-memorial-day",
        ("referral_received", "2026-05-22T14:00:00Z", "oms", {"pharmacy_id": "PH1"}),
        ("shipped", "2026-05-26T14:00:00Z", "wms"),
    ),
    *life(
        "the-same-day",
        ("referral_received", "2026-11-18T14:00:00Z", "oms", {"pharmacy_id": "PH1"}),
        ("shipped", "2026-11-18T20:00:00Z", "wms"),
    ),
]
REUSED = life(
    "reused",
    ("referral_received", "2026-11-01T09:00:00Z", "oms", {"patient_id": "P1"}),
    ("delivered", "2026-11-05T09:00:00Z", "carrier", {"condition": "damaged"}),
    ("referral_received", "2026-11-18T09:00:00Z", "oms", {"patient_id": "P2"}),
    ("shipped", "2026-11-19T09:00:00Z", "wms"),
    ("complaint", "2026-11-19T10:00:00Z", "crm", {"patient_id": "P1", "reason": "damaged"}),
    ("call", "2026-11-19T11:00:00Z", "crm", {"wait": 31, "abandoned": False}),
)
TIES = [
    *life(
        "late",
        ("label_created", "2026-11-19T09:00:00Z", "wms", {"promised_at": "2026-11-19T10:00:00Z"}),
        ("delivered", "2026-11-19T10:00:00.000001Z", "carrier"),
    ),
    *life(
        "tied-stages",
        ("packed", "2026-11-19T10:00:00Z", "wms", {"pharmacy_id": "PH1", "carrier": "ups"}),
        ("qa_passed", "2026-11-19T10:00:00Z", "wms", {"pharmacy_id": "PH2", "carrier": "fedex"}),
        ("call", "2026-11-19T10:00:00Z", "crm", {"pharmacy_id": "PH3", "carrier": "usps", "wait": 12}),
    ),
    *life(
        "tied-sources",
        ("packed", "2026-11-19T10:00:00Z", "wms", {"station": "S1", "drug_ndc": "9999900010"}),
        ("label_created", "2026-11-19T10:00:00Z", "carrier", {"drug_ndc": "99999000202"}),
        ("label_created", "2026-11-19T10:00:00Z", "wms", {"drug_ndc": "99999000303"}),
    ),
    *life("silent", ("call", "2026-11-19T10:00:00Z", "crm"), ("refill_due", "2026-11-19T10:00:00Z")),
]
ENDS = [
    *life(
        "cancelled",
        ("order_cancelled", "2026-11-19T10:00:00Z", "oms", {"reason": "Cost"}),
        ("shipped", "2026-11-19T11:00:00Z"),
    ),
    *life(
        "cancelled-late", ("delivered", "2026-11-19T10:00:00Z", "carrier"), ("order_cancelled", "2026-11-19T12:00:00Z")
    ),
    *life(
        "returned", ("delivered", "2026-11-19T10:00:00Z", "carrier"), ("returned", "2026-11-19T10:00:00Z", "carrier")
    ),
    *life(
        "sent-back", ("in_transit", "2026-11-19T09:00:00Z", "carrier"), ("returned", "2026-11-19T10:00:00Z", "carrier")
    ),
    *life("lost", ("lost", "2026-11-19T10:00:00Z", "carrier"), ("in_transit", "2026-11-19T11:00:00Z", "carrier")),
    *life(
        "denied",
        ("appeal_decided", "2026-11-19T10:00:00Z", "payer", {"decision": "denied"}),
        ("appeal_decided", "2026-11-19T11:00:00Z", "payer", {"decision": "Approved"}),
        ("order_cancelled", "2026-11-19T12:00:00Z"),
    ),
    *life(
        "delivered-twice",
        ("delivered", "2026-11-19T10:00:00Z"),
        ("lost", "2026-11-19T10:30:00Z"),
        ("delivered", "2026-11-19T11:00:00Z"),
    ),
]
DID_NOT_OCCUR, INCORRECT = {"correction_reason": "did_not_occur"}, {"correction_reason": "incorrect_data"}
CORRECTIONS = [
    *life(
        "undone",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("delivered", "2026-11-19T11:00:00Z"),
        ("delivered", "2026-11-19T11:00:00Z", "oms", {"corrects_id": "undone-1", **DID_NOT_OCCUR}),
    ),
    *life(
        "void",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("shipped", "2026-11-19T10:00:00Z", "oms", {"corrects_id": "void-0", **DID_NOT_OCCUR}),
    ),
    *life(
        "mended",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("shipped", "2026-11-19T09:15:00Z", "oms", {"corrects_id": "mended-0", **INCORRECT}),
    ),
    *life(
        "mended-again",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("shipped", "2026-11-19T09:00:00Z", "oms", {"corrects_id": "mended-again-0", **INCORRECT}),
        ("shipped", "2026-11-19T08:00:00Z", "oms", {"corrects_id": "mended-again-1", **INCORRECT}),
    ),
    *life(
        "itself",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("packed", "2026-11-19T09:00:00Z", "oms", {"corrects_id": "itself-1", **INCORRECT}),
    ),
    *life(
        "another's",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("packed", "2026-11-19T09:00:00Z", "wms", {"corrects_id": "another's-0", **INCORRECT}),
    ),
    *life(
        "nobody's",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("packed", "2026-11-19T09:00:00Z", "oms", {"corrects_id": "gone", **DID_NOT_OCCUR}),
    ),
    *life(
        "no-reason",
        ("shipped", "2026-11-19T10:00:00Z"),
        ("packed", "2026-11-19T09:00:00Z", "oms", {"corrects_id": "no-reason-0"}),
    ),
]
COPY = happened("copy", "shipped", "2026-11-19T10:00:00Z", "copied", "wms")
MOVED = happened("copy", "shipped", "2026-11-19T08:00:00Z", "copied-before", "wms")
DELIVERIES = [
    message(COPY, "19 12:00", message_id="copy-2", source="wms"),
    message(COPY, "19 12:00", message_id="copy-1", source="wms"),
    message(COPY, "19 12:00", "19 12:05", message_id="copy-1", source="wms"),  # delivered again
    message(COPY, "19 11:59:59.999999", "20 08:00", message_id="copy-3", source="wms"),  # known first, seen a day later
    message(MOVED, "19 11:00", "21 08:00", message_id="copy-4", source="wms"),  # known before all, of another order
    message(COPY, "21 12:00", message_id="copy-5", source="wms"),
    message(event_bytes(id="copy", source="wms", data={"nps": 11}), "19 10:00", message_id="copy-6", source="wms"),
    message(happened("old", "shipped", "2026-11-17T10:00:00Z", "old", "wms"),
            "18 00:00", message_id="old-1", source="wms"),
    message(happened("old", "shipped", "2026-11-17T10:00:00Z", "old", "wms"),
            "17 00:00", message_id="old-2", source="wms"),
    message(happened("older", "shipped", "2026-11-10T10:00:00Z", "older", "wms"),
            "16 23:59", message_id="old-3", source="wms"),
    message(happened("by-o", "call", "2026-11-20T10:00:00Z", "two-sources", "oms"), "20 10:00", source=None),
    message(happened("by-o", "call", "2026-11-20T10:00:00Z", "two-sources", "crm"), "20 10:00", source="crm"),
    message(happened("late", "delivered", "2026-11-19T20:00:00Z", "midnight", "carrier"), "21 00:00", source="carrier"),
    message(None, "20 10:00", source=None),
    message(happened("soon", "shipped", "2026-11-21T10:00:00Z", "whole", "wms"), "20 10:00", source="wms"),
    message(happened("too-soon", "shipped", "2026-11-21T10:00:00.000001Z", "whole", "wms"), "20 10:00", source="wms"),
]  # fmt: skip
REFUSED = [
    *(message(payload, "20 09:00") for payload in DOCUMENTS.values()),
    *(
        message(raw_event(name, value), "20 09:30")
        for name in ("id", "source", "type", "time")
        for value in ("7", '" "')
    ),
    *(
        message(raw_event(name, value, "data"), "21 09:30")
        for name in ("carrier", "nps", "zip3")
        for value in ("7", "{}")
    ),
    message(raw_event("specversion", '"2.0"'), "21 09:30"),
    message(raw_event("dataschema", '"order-event/9"'), "21 09:30"),
    message(raw_event("data", "[]"), "21 09:30"),
]
MESSAGES = [*WHOLE_LIFE, *EDGES_OF_TIME, *WEEKS, *REUSED, *TIES, *ENDS, *CORRECTIONS, *DELIVERIES, *REFUSED]


def _letter(message_id: str, reason_code: str, refused_at: str) -> dict:
    refused = instant(refused_at)
    stamps = {"known_date": refused.date(), "publish_time": refused, "refused_at": refused}
    return {"message_id": message_id, "source": "oms", "reason_code": reason_code, "detail": None, **stamps}


def _replay(message_id: str, replay_of: str, known_at: str) -> dict:
    attributes = json.dumps({"source": "oms", "replay_of": replay_of})
    return message(b"{}", known_at, message_id=message_id) | {"attributes": attributes}


DEAD_LETTERS = [
    _letter("too-old", "malformed_json", "18 09:00"),
    _letter("refused-1", "unknown_type", "19 09:00"),
    _letter("refused-1", "unknown_type", "19 09:01"),  # delivered twice
    _letter("refused-2", "unknown_type", "19 10:00"),
    _letter("refused-3", "malformed_json", "20 09:00"),
    _letter("again-2a", "unknown_type", "20 10:00"),
    _letter("again-3", "malformed_json", "20 11:00"),
]
REPLAYS = [
    _replay("again-2a", "refused-2", "19 10:00"),  # refused again, before the fix
    _replay("again-2b", "refused-2", "19 10:00"),
    _replay("again-2b", "refused-2", "19 10:00"),
    _replay("again-3", "refused-3", "20 09:00"),
]


def _patient(patient_id: str, birth_date: str | None, zip_code: str | None, day: datetime.date) -> dict:
    born = datetime.date.fromisoformat(birth_date) if birth_date else None
    return {
        "snapshot_date": day,
        "patient_id": patient_id,
        "birth_date": born,
        "zip_code": zip_code,
        "therapy": "oncology",
    }


PATIENTS = [
    *(_patient("P1", "1936-11-20", "03601", day) for day in DAYS),  # 90 on the second day
    *(_patient("P2", "2004-02-29", "10001", day) for day in DAYS),
    _patient("P3", "1936-11-21", "1", DAYS[0]),
    _patient("P4", None, None, DAYS[1]),
    _patient("P5", "2016-11-20", "89300", DAYS[0]),  # 9, then 10
    _patient("P5", "2016-11-20", "89400", DAYS[2]),
    _patient("P6", "2026-11-30", "99999", DAYS[0]),  # born after the snapshot
]
DRUGS = [
    *({"snapshot_date": day, "drug_ndc": "99999000101", "name": f"Drug on {day}"} for day in DAYS),
    {"snapshot_date": DAYS[0], "drug_ndc": "09999900010", "name": "Withdrawn"},
    {"snapshot_date": DAYS[1], "drug_ndc": "99999000202", "name": "Anew"},
]
PHARMACIES = [
    *(
        {
            "snapshot_date": day,
            "pharmacy_id": "PH1",
            "name": f"Name on {day}",
            "time_zone": "America/New_York",
            "open_days": "1111100" if day != DAYS[2] else "1111110",  # from the third day on Saturdays, too
        }
        for day in DAYS
    ),
    {"snapshot_date": DAYS[1], "pharmacy_id": "PH2", "name": "", "time_zone": "America/Phoenix"},
]
PRESCRIBERS = [{"snapshot_date": day, "prescriber_id": "9000000001", "full_name": "Dr. Example"} for day in DAYS[:2]]
PAYERS = [{"snapshot_date": day, "payer_id": "MEDICARE-1", "plan_type": "medicare"} for day in DAYS[:2]]
ENTITIES = {
    "patients": PATIENTS,
    "drugs": DRUGS,
    "pharmacies": PHARMACIES,
    "prescribers": PRESCRIBERS,
    "payers": PAYERS,
}


def live_events(silver: list[dict]) -> list[dict]:
    """Return live's rows: copies of silver's events, copies that displace them, and events that silver lacks."""
    by_key = {(row["source"], row["event_id"]): row for row in silver}
    same, shipped, old = by_key["oms", "whole-0"], by_key["wms", "skewed-1"], by_key["wms", "old"]
    second = datetime.timedelta(seconds=1)
    return [
        same,
        same,
        {**same, "message_id": "z-later", "known_at": same["known_at"] + second},
        {**shipped, "message_id": "z-earlier", "known_at": shipped["known_at"] - second,
         "event_at": instant("19 13:00")},
        {**old, "message_id": "old-0", "order_id": "old-and-moved"},  # as early, with a lesser id
        old,
        {**shipped, "event_id": "live-1", "message_id": "live-1", "order_id": "whole", "event_at": instant("21 20:00")},
        {**shipped, "event_id": "live-1", "message_id": "live-0", "order_id": "whole", "event_at": instant("21 20:01")},
        {**shipped, "event_id": "live-2", "message_id": "live-2", "order_id": "only-live", "carrier": "usps"},
        {**shipped, "event_id": "live-3", "message_id": "live-3", "order_id": "lost", "source": "carrier",
         "corrects_id": "lost-0", "correction_reason": "did_not_occur"},
        {**shipped, "event_id": "live-4", "message_id": "live-4", "order_id": "no-stage", "event_type": "call",
         "stage": None, "stage_order": None},
    ]  # fmt: skip


def _pane(stage: str, event_count: int, pane_timing: str, emitted_at: str, carrier: str = "") -> dict:
    cell = {"minute_at": instant("19 10:00"), "stage": stage, "pharmacy_id": "PH01", "carrier": carrier}
    return cell | {"event_count": event_count, "pane_timing": pane_timing, "emitted_at": instant(emitted_at)}


PANES = [  # of one minute: a count that grew, one that a second carrier has, one that was emitted twice at an instant
    _pane("SHIPPED", 1, "early", "19 10:00:20"),
    _pane("SHIPPED", 3, "on_time", "19 10:01:10"),
    _pane("SHIPPED", 2, "late", "19 10:05:00", carrier="ups"),
    _pane("PACK", 4, "late", "19 10:07:00"),
    _pane("PACK", 5, "late", "19 10:07:00"),
]
