"""Judge one message: the event that it holds, or the reason why it is refused.

The same rules stand in `sql/staging/judged_messages.sql`, for the batch: change both together. Both read the
data files of `domain/data`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from pbm360.domain import rules
from pbm360.domain.privacy import pseudonym
from pbm360.domain.readers import is_identifier, reader
from pbm360.domain.timestamps import MICROSECONDS_PER_DAY, parse_microseconds

EARLIEST_MICROSECONDS = 1_262_304_000_000_000  # 2010-01-01: nothing older is plausible
REPLACEMENT_CHARACTER = "\ufffd".encode()  # what an invalid byte becomes; a payload that holds one is no clean text
KEYS_REMEMBERED = 200_000
MOST_BRACKETS = 500  # that open an array or an object: so deep every parser here reads JSON
REQUIRED = ("id", "source", "type", "time", "subject")
ALL_TEXTS = (str,) * len(REQUIRED)
required_members = itemgetter(*REQUIRED)
FIELDS = rules.typed_fields()
ENVELOPE_COLUMNS = (
    "event_id",
    "source",
    "event_type",
    "event_at",
    "event_date",
    "order_id",
    "stage",
    "stage_order",
    "message_id",
    "publish_time",
    "ingested_at",
    "known_at",
    "schema_version",
    "patient_key",
)
COLUMNS = (*ENVELOPE_COLUMNS, *(field.column for field in FIELDS))


class Stamps(NamedTuple):
    """What the receiver adds to a message; instants in microseconds since 1970, UTC."""

    message_id: str
    publish_time: int
    ingested_at: int
    known_at: int


class Lexeme(str):
    """A number of a payload as it is written there."""


class Rejection(NamedTuple):
    """Why a message is refused: a code of `rejection_reasons.csv` and the field at fault, never its value."""

    reason_code: str
    detail: str | None = None


class FieldPlan(NamedTuple):
    """How one field of `data` is read: its place among the fields, its column's place in the row, its rules."""

    number: int
    place: int
    name: str
    kind: str
    read: Callable[[str], Any]
    minimum: int | None
    maximum: int | None


def _field_plans(schema_version: int) -> dict[str, FieldPlan]:
    """Map the names that a version of the schema gives the fields to how they are read."""
    return {
        name: FieldPlan(
            number, len(ENVELOPE_COLUMNS) + number, field.field, field.kind, reader(field), field.minimum, field.maximum
        )
        for number, field in enumerate(FIELDS)
        if (name := field.name_in(schema_version)) is not None
    }


FIELD_PLANS = {version: _field_plans(version) for version in rules.schema_versions().values()}
DECISION_PLACE = COLUMNS.index("decision")
STAGES = {item.event_type: (item.stage, item.stage_when_denied or item.stage) for item in rules.event_types().values()}
STAGE_ORDERS = {name: stage.stage_order for name, stage in rules.stages().items()} | {None: None}


class Decoder:
    """Judge messages one by one; patients become pseudonyms by the key, which stays in here."""

    def __init__(self, pseudonym_key: str):
        if not pseudonym_key:
            raise ValueError("the pseudonym key is empty; run `pbm360 up`, or set PBM360_PSEUDONYM_KEY")
        self._key = pseudonym_key
        self._patient_keys: dict[str, str] = {}
        self._sources, self._types = rules.codes("source"), rules.codes("type")
        self._versions = rules.schema_versions()

    def decode(self, payload: bytes, stamps: Stamps) -> list | Rejection:
        """Return the event's row (values in the order of `COLUMNS`) or why the message is refused.

        Instants are microseconds since 1970 (UTC), `event_date` is days since 1970.
        """
        event = _parse(payload)
        if type(event) is Rejection:
            return event
        try:
            members = required_members(event)
        except KeyError:
            return _first_missing(event)
        if tuple(map(type, members)) != ALL_TEXTS or not all(members):
            return _first_missing(event)
        return self._judge(event, members, stamps, payload)

    def _judge(self, event: dict, members: tuple, stamps: Stamps, payload: bytes) -> list | Rejection:
        event_id, source_text, type_text, time_text, order_id = members
        if is_identifier(event_id) is None or is_identifier(order_id) is None:
            return Rejection("invalid_id", "id" if is_identifier(event_id) is None else "subject")
        if event.get("specversion") != "1.0":
            return Rejection("unknown_schema", "specversion")
        schema = event.get("dataschema")
        version = self._versions.get(rules.DEFAULT_SCHEMA if schema is None else schema) if _is_key(schema) else None
        if version is None:
            return Rejection("unknown_schema", "dataschema")
        source = self._sources.get(source_text) or _look_up(self._sources, source_text)
        if source is None:
            return Rejection("unknown_source", "source")
        event_type = self._types.get(type_text) or _look_up(self._types, type_text)
        if event_type is None:
            return Rejection("unknown_type", "type")
        event_at = parse_microseconds(time_text)
        if event_at is None:
            return Rejection("invalid_time", "time")
        if event_at < EARLIEST_MICROSECONDS or event_at > stamps.known_at + MICROSECONDS_PER_DAY:
            return Rejection("implausible_time", "time")
        row: list[Any] = [None] * len(COLUMNS)
        if data := event.get("data"):
            fault = _read_fields(data, row, payload, FIELD_PLANS[version]) or self._read_patient(data, row)
            if fault:
                return fault
        stage = STAGES[event_type][row[DECISION_PLACE] == "denied"]
        event_date = event_at // MICROSECONDS_PER_DAY
        envelope = (event_id, source, event_type, event_at, event_date, order_id, stage, STAGE_ORDERS[stage])
        row[:13] = (*envelope, *stamps, version)
        return row

    def _read_patient(self, data: dict, row: list) -> Rejection | None:
        patient_id = data.get("patient_id")
        if patient_id is None:
            return None
        if type(patient_id) is not str or is_identifier(patient_id) is None:
            return Rejection("wrong_type", "patient_id")
        patient_key = self._patient_keys.get(patient_id)
        if patient_key is None:
            if len(self._patient_keys) >= KEYS_REMEMBERED:
                self._patient_keys.clear()
            patient_key = self._patient_keys[patient_id] = pseudonym(self._key, patient_id)
        row[13] = patient_key
        return None


def _parse(payload: bytes) -> dict | Rejection:
    """Parse the payload into an object whose `data` is an object or absent."""
    try:
        event = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Rejection("malformed_json")
    if type(event) is not dict or (not payload.isascii() and REPLACEMENT_CHARACTER in payload):
        return Rejection("malformed_json")
    if len(payload) > MOST_BRACKETS and payload.count(b"[") + payload.count(b"{") > MOST_BRACKETS:
        return Rejection("malformed_json")
    if _may_repeat_members(event, payload):
        event = first_members(payload)
    data = event.get("data")
    if type(data) is not dict and data is not None:
        return Rejection("malformed_json", "data")
    return event


def _first_missing(event: dict) -> Rejection:
    """Name the first required member that is absent, empty or no text."""
    return Rejection(
        "missing_field", next(name for name in REQUIRED if type(event.get(name)) is not str or not event[name])
    )


def _may_repeat_members(event: dict, payload: bytes) -> bool:
    """Tell whether an object may name a member twice: then the first counts, as in SQL, and orjson keeps the last."""
    data = event.get("data")
    distinct = len(event) + (len(data) if type(data) is dict else 0)
    if payload.count(b'":') != distinct:
        return True
    text = payload.decode()  # one character is found ten times as quickly in a text as in bytes
    return "\n" in text or "\t" in text or "\r" in text or (" " in text and '" ' in text)


def first_members(payload: bytes) -> dict:
    """Parse a payload that is known to be JSON: of members of one name the first counts, numbers stay as written."""
    return json.loads(payload, object_pairs_hook=_keep_first, parse_float=Lexeme, parse_int=Lexeme)


def _keep_first(members: list[tuple[str, Any]]) -> dict:
    return dict(reversed(members))


def _read_fields(data: dict, row: list, payload: bytes, plans: dict[str, FieldPlan]) -> Rejection | None:
    """Read the typed fields into the row; return the first fault: nested values first, then by the fields' order."""
    nested, faults = [], []
    for name, value in data.items():
        if value is None or name not in plans:
            continue
        number, place, field, field_kind, read, minimum, maximum = plans[name]
        kind = type(value)
        if kind is not str:
            if kind is dict or kind is list:
                nested.append((number, field))
                continue
            value = repr(value) if value and kind is int else _text(value, name, payload)
        typed = read(value)
        if typed is None:
            if field_kind != "ndc":
                faults.append((number, "unknown_code" if field_kind == "code" else "wrong_type", field))
        elif minimum is not None and not minimum <= typed <= maximum:
            faults.append((number, "out_of_range", field))
        else:
            row[place] = typed
    if nested:
        return Rejection("wrong_type", min(nested)[1])
    return Rejection(*min(faults)[1:]) if faults else None


def _text(value: bool | float | Lexeme, name: str, payload: bytes) -> str:
    """Return a scalar of `data` as it is written in the payload, as the warehouse's `json_value` does."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Lexeme:
        return str(value)
    text = repr(value)
    written = b'"%b":%b' % (name.encode(), text.encode())  # 1.50, 1e2 and -0 are not written as Python writes them
    place = payload.find(written)
    if place >= 0 and payload[place + len(written)] in b",}":
        return text
    return str(first_members(payload)["data"][name])


def _look_up(known: dict[str, str], text: str) -> str | None:
    return known.get(text) or known.get(text.strip(" ").lower())


def _is_key(value: object) -> bool:
    return value is None or type(value) is str
