"""Judging one message: each reason by hand, each kind of field by hand."""

import datetime
import json
from decimal import Decimal

import pytest

from pbm360.domain import rules
from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.privacy import pseudonym
from pbm360.domain.timestamps import parse_microseconds

KEY = "a-key-that-only-the-tests-know-0123456789"
NOON = parse_microseconds("2026-11-20T12:00:00Z")
STAMPS = Stamps("m1", NOON, NOON, NOON)
EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "oms",
    "type": "referral_received",
    "time": "2026-11-20T09:00:00-05:00",
    "subject": "A1",
    "data": {},
}


def decode(payload):
    return Decoder(KEY).decode(payload if isinstance(payload, bytes) else json.dumps(payload).encode(), STAMPS)


def accepted(**changes):
    row = decode(EVENT | changes)
    assert not isinstance(row, Rejection), row
    return {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}


def test_an_event_becomes_a_row_in_utc_with_its_stage():
    assert accepted() == {
        "event_id": "e1",
        "source": "oms",
        "event_type": "referral_received",
        "event_at": parse_microseconds("2026-11-20T14:00:00Z"),
        "event_date": (datetime.date(2026, 11, 20) - datetime.date(1970, 1, 1)).days,
        "order_id": "A1",
        "stage": "RECEIVED",
        "stage_order": 10,
        "message_id": "m1",
        "publish_time": NOON,
        "ingested_at": NOON,
        "known_at": NOON,
        "schema_version": 1,
    }


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b"", "malformed_json", None),
        (b"{", "malformed_json", None),
        (b"[1]", "malformed_json", None),
        (b'{"id": "\xff"}', "malformed_json", None),
        ('{"id": "\ufffd"}'.encode(), "malformed_json", None),
        (EVENT | {"data": [1]}, "malformed_json", "data"),
        (EVENT | {"id": ""}, "missing_field", "id"),
        (EVENT | {"subject": 5}, "missing_field", "subject"),
        (EVENT | {"time": None}, "missing_field", "time"),
        (EVENT | {"id": "a b"}, "invalid_id", "id"),
        (EVENT | {"subject": "x" * 129}, "invalid_id", "subject"),
        (EVENT | {"specversion": 1.0}, "unknown_schema", "specversion"),
        (EVENT | {"dataschema": "order-event/9"}, "unknown_schema", "dataschema"),
        (EVENT | {"dataschema": ["order-event/1"]}, "unknown_schema", "dataschema"),
        (EVENT | {"source": "fax"}, "unknown_source", "source"),
        (EVENT | {"type": "received"}, "unknown_type", "type"),
        (EVENT | {"time": "2026-11-20T09:00:00"}, "invalid_time", "time"),
        (EVENT | {"time": "2026-02-30T09:00:00Z"}, "invalid_time", "time"),
        (EVENT | {"time": "2009-12-31T23:59:59Z"}, "implausible_time", "time"),
        (EVENT | {"time": "2026-11-21T12:00:01Z"}, "implausible_time", "time"),
        (EVENT | {"data": {"nps": 11, "quantity": {"a": 1}}}, "wrong_type", "quantity"),
        (EVENT | {"data": {"csat": 9, "quantity": "many"}}, "wrong_type", "quantity"),
        (EVENT | {"data": {"days_supply": 1.5}}, "wrong_type", "days_supply"),
        (EVENT | {"data": {"carrier": "pigeon"}}, "unknown_code", "carrier"),
        (EVENT | {"data": {"nps": 11}}, "out_of_range", "nps"),
        (EVENT | {"data": {"patient_id": 7}}, "wrong_type", "patient_id"),
    ],
)
def test_a_message_is_refused_with_its_first_fault(payload, reason, detail):
    assert decode(payload) == Rejection(reason, detail)
    assert reason in rules.rejection_reasons()


@pytest.mark.parametrize(
    ("data", "column", "value"),
    [
        ({"carrier": " FedEx Express "}, "carrier", "fedex"),
        ({"drug_ndc": "9999-9001-01"}, "drug_ndc", "09999900101"),
        ({"quantity": 2.25}, "quantity", Decimal("2.25")),
        ({"quantity": "3"}, "quantity", Decimal(3)),
        ({"is_reship": True}, "is_reship", True),
        ({"documents_complete": "FALSE"}, "is_documents_complete", False),
        ({"need_by_date": "2026-12-01"}, "need_by_date", datetime.date(2026, 12, 1)),
        ({"promised_at": "2026-11-20T12:00:00.1234567z"}, "promised_at", NOON + 123_456),
        ({"zip3": "036"}, "zip3", "000"),
        ({"patient_id": "P1"}, "patient_key", pseudonym(KEY, "P1")),
    ],
)
def test_a_field_is_read_by_its_kind(data, column, value):
    assert accepted(data=data)[column] == value


def test_a_drug_code_beyond_repair_is_null_and_refuses_nothing():
    assert "drug_ndc" not in accepted(data={"drug_ndc": "12"})


def test_an_appeal_decided_against_ends_the_order():
    decided = {"type": "appeal_decided", "source": "payer"}
    assert accepted(**decided, data={"decision": "Denied"})["stage"] == "CANCELLED"
    assert accepted(**decided, data={"decision": "approved"})["stage"] == "FINANCIAL"


def test_spellings_of_types_and_sources_are_folded():
    row = accepted(type="Delivery_Confirmed", source="CARRIER")
    assert (row["event_type"], row["source"]) == ("delivered", "carrier")


def test_no_decoder_without_a_key():
    with pytest.raises(ValueError, match="pseudonym key is empty"):
        Decoder("")
