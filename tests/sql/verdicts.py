"""Judge payloads by the stream's decoder and by the batch's SQL, in one form to compare."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pbm360 import staging
from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from tests.conftest import TEST_KEY

KNOWN_AT = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
INSTANTS = ("event_at", "publish_time", "ingested_at", "known_at", "promised_at")
KNOWN_MICROSECONDS = int(KNOWN_AT.timestamp()) * 1_000_000

WITH_KEYS = """
    select judged.*, patient_keys.patient_key
    from pbm_vault.judged_messages as judged
    left join pbm_vault.patient_keys as patient_keys on patient_keys.patient_id = judged.patient_id
"""
Verdict = tuple | dict  # (reason_code, detail), or the event's row


def decoded(payloads: Mapping[str, bytes]) -> dict[str, Verdict]:
    """Judge by the stream's decoder."""
    decoder = Decoder(TEST_KEY)
    stamps = (KNOWN_MICROSECONDS, KNOWN_MICROSECONDS, KNOWN_MICROSECONDS)
    return {
        name: _verdict_of(decoder.decode(payload, Stamps(str(number), *stamps)))
        for number, (name, payload) in enumerate(payloads.items())
    }


def judged(warehouse, payloads: Mapping[str, bytes]) -> dict[str, Verdict]:
    """Judge by `staging/judged_messages.sql`, all payloads in one statement."""
    day = KNOWN_AT.date()
    warehouse.run(
        "staging/new_messages.sql",
        {"first_date": day, "last_date": day, "cut_at": KNOWN_AT, "silver_dates": ("DATE", [])},
    )
    stamps = {"publish_time": KNOWN_AT, "ingested_at": KNOWN_AT, "known_at": KNOWN_AT}
    messages = [
        {"message_id": str(number), "payload": payload, **stamps} for number, payload in enumerate(payloads.values())
    ]
    warehouse.load_rows("vault.new_messages", messages, replace=True)
    warehouse.run("staging/judged_messages.sql")
    staging.fill_vault(warehouse, day, day)
    names = list(payloads)
    rows = warehouse.query(WITH_KEYS).to_pylist()
    assert sorted(int(row["message_id"]) for row in rows) == list(range(len(names)))
    return {names[int(row["message_id"])]: _verdict_in(row) for row in rows}


def differences(expected: Mapping[str, Verdict], found: Mapping[str, Verdict]) -> list[str]:
    """Say where verdicts differ: the payload's name, and what each side says."""
    return [f"{name}: {_contrast(expected[name], found[name])}" for name in expected if expected[name] != found[name]]


def _contrast(one: Verdict, other: Verdict) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        unequal = [column for column in one if one[column] != other[column]]
        return "; ".join(f"{column} {one[column]!r} != {other[column]!r}" for column in unequal)
    return " != ".join("accepted" if isinstance(verdict, dict) else str(verdict) for verdict in (one, other))


def _verdict_in(row: dict) -> Verdict:
    if row["reason_code"] is not None:
        return row["reason_code"], row["detail"]
    return {column: row[column] for column in COLUMNS}


def _verdict_of(outcome: list | Rejection) -> Verdict:
    if isinstance(outcome, Rejection):
        return tuple(outcome)
    row = dict(zip(COLUMNS, outcome, strict=True))
    row["event_date"] = EPOCH.date() + datetime.timedelta(days=row["event_date"])
    for column in INSTANTS:
        if row[column] is not None:
            row[column] = EPOCH + datetime.timedelta(microseconds=row[column])
    return row
