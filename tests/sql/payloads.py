"""Payloads that a message may hold: a good event, every part of it wrong in every way, and no events.

A payload goes by a sentence that says what it is.
"""

from __future__ import annotations

import json

from pbm360.domain import rules
from tests.sql.field_values import NESTED, OTHER_SCALARS, TEXTS, TIMES, quoted, spellings, values_for

GOOD = {
    "specversion": "1.0",
    "id": "e1",
    "source": "oms",
    "type": "referral_received",
    "time": "2026-11-20T09:00:00Z",
    "subject": "A1",
    "dataschema": "order-event/1",
    "data": {},
}


def event_bytes(**changes) -> bytes:
    """Return a good event with some members changed; a value of `...` takes a member away."""
    event = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def raw_event(member: str, value: str, inside: str = "", schema: str = "order-event/1") -> bytes:
    """Return a good event with a member whose value is that JSON text; in `data` where `inside` says so."""
    if inside == "data":
        data = f'{{"{member}":{value}}}'.encode("utf-8", "surrogatepass")
        return event_bytes(data="@@", dataschema=schema).replace(b'"@@"', data)
    return event_bytes(**{member: "@@"}).replace(b'"@@"', value.encode("utf-8", "surrogatepass"))


def field_payloads() -> dict[str, bytes]:
    """Return every field of `data` with every value for its kind, alone in its event, in each version that names it."""
    return {
        f"{name} is {value}": raw_event(name, value, "data", f"order-event/{version}")
        for field in rules.typed_fields()
        for name, version in {field.name_in(version): version for version in (2, 1)}.items()
        if name is not None
        for value in values_for(field.kind, field.field)
    }


def envelope_payloads() -> dict[str, bytes]:
    """Return every member of the envelope absent, null, empty, of another type, and with texts of its own."""
    own = {
        "id": (),
        "subject": (),
        "source": spellings("source"),
        "type": spellings("type"),
        "time": TIMES,
        "specversion": ("1.0", "1.0 ", "1", "0.3", "1.00"),
        "dataschema": ("order-event/1", "order-event/2", "Order-Event/1", " order-event/1", "order-event"),
        "data": (),
    }
    payloads = {}
    for name, texts in own.items():
        payloads[f"no {name}"] = event_bytes(**{name: ...})
        values = [*quoted([*texts, *TEXTS]), "1", "1.0", "0", *OTHER_SCALARS, *NESTED]
        payloads |= {f"{name} is {value}": raw_event(name, value) for value in values}
    return payloads


def _inserted(text: str, member: str = "extra") -> bytes:
    """Return a good event with one more member of raw JSON text, beside the others."""
    return event_bytes()[:-1] + f',"{member}":{text}}}'.encode("utf-8", "surrogatepass")


GOOD_BYTES = event_bytes()
DOCUMENTS = {
    "nothing": b"",
    "blanks": b" \n",
    "null": b"null",
    "a boolean": b"true",
    "a number": b"1",
    "a text": b'"x"',
    "an array": b"[]",
    "an array with the event": b"[" + GOOD_BYTES + b"]",
    "an empty object": b"{}",
    "an open object": b'{"id": "e1"',
    "half an event": GOOD_BYTES[: len(GOOD_BYTES) // 2],
    "a comma too many": GOOD_BYTES[:-1] + b",}",
    "a comma too few": GOOD_BYTES.replace(b",", b" ", 1),
    "single quotes": GOOD_BYTES.replace(b'"', b"'"),
    "a name without quotes": GOOD_BYTES.replace(b'"id"', b"id"),
    "a comment": b"/* event */" + GOOD_BYTES,
    "a line comment": GOOD_BYTES + b" // event",
    "blanks around": b"\r\n\t " + GOOD_BYTES + b" \n",
    "a form feed before": b"\x0c" + GOOD_BYTES,
    "a no-break space after": GOOD_BYTES + "\u00a0".encode(),
    "a letter after": GOOD_BYTES + b"x",
    "a brace after": GOOD_BYTES + b"}",
    "two events": GOOD_BYTES + b"\n" + GOOD_BYTES,
    "a byte order mark": b"\xef\xbb\xbf" + GOOD_BYTES,
    "a byte order mark within": event_bytes(extra="\ufeff"),
    "UTF-16": GOOD_BYTES.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD_BYTES.decode().encode("utf-16-le"),
    "Latin-1": event_bytes(extra="é").decode().encode("latin-1"),
    "a byte that is no UTF-8": GOOD_BYTES[:-1] + b', "extra": "\xff"}',
    "a byte that is no UTF-8 after it": GOOD_BYTES + b"\xff",
    "an overlong slash": GOOD_BYTES[:-1] + b', "extra": "\xc0\xaf"}',
    "a cut character": GOOD_BYTES[:-1] + b', "extra": "\xe2\x82"}',
    "a surrogate in bytes": GOOD_BYTES[:-1] + b', "extra": "\xed\xa0\x80"}',
    "a code point too high": GOOD_BYTES[:-1] + b', "extra": "\xf4\x90\x80\x80"}',
    "the replacement character": event_bytes(extra="\ufffd"),
    "the replacement character in a name": _inserted("1", "a\ufffd"),
    "the replacement character as an escape": _inserted(r'"\ufffd"'),
    "the replacement character as an escape in an id": raw_event("id", r'"e\ufffd"'),
    "the highest characters": event_bytes(extra="\uffff\U0010ffff"),
    "a high surrogate alone": _inserted(r'"\ud800"'),
    "a low surrogate alone": _inserted(r'"\udc00"'),
    "surrogates the wrong way round": _inserted(r'"\udc00\ud800"'),
    "a high surrogate and a letter": _inserted(r'"\ud800x"'),
    "a surrogate alone in an id": raw_event("id", r'"e\ud800"'),
    "a surrogate alone in a name": _inserted("1", r"\ud800"),
    "a surrogate alone in a field": raw_event("station", r'"\ud800"', "data"),
    "a pair of surrogates": _inserted(r'"\ud83d\ude00"'),
    "an escaped null character": _inserted(r'"\u0000"'),
    "an escaped null character in an id": raw_event("id", r'"e\u00001"'),
    "an escaped null character in a code": raw_event("carrier", r'"ups\u0000"', "data"),
    "an escaped null character in a patient": raw_event("patient_id", r'"P\u00001"', "data"),
    "an escaped null character in a name": _inserted("1", r"a\u0000b"),
    "an escaped null character in the name of a member": GOOD_BYTES.replace(b'"id"', rb'"id\u0000"'),
    "a null byte in a text": _inserted('"\x00"'),
    "a null byte after": GOOD_BYTES + b"\x00",
    "a tab in a text": _inserted('"\t"'),
    "a line end in a text": _inserted('"\n"'),
    "the delete character in a text": _inserted('"\x7f"'),
    "an escape that is none": _inserted(r'"\x41"'),
    "an escape of a letter": _inserted(r'"\a"'),
    "an escaped slash": raw_event("dataschema", r'"order-event\/1"'),
    "escaped letters in an id": raw_event("id", r'"\u0065\u0031"'),
    "escaped letters in the version": raw_event("specversion", r'"\u0031.0"'),
    "an escaped quotation mark in an id": raw_event("id", r'"e\"1"'),
    "an escaped backslash in an id": raw_event("id", r'"e\\1"'),
    "escaped letters in a name": GOOD_BYTES.replace(b'"id"', rb'"\u0069d"'),
    "escaped letters in the name of a field": event_bytes(data="@@").replace(b'"@@"', rb'{"carri\u0065r": "ups"}'),
    "NaN": _inserted("NaN"),
    "minus infinity": _inserted("-Infinity"),
    "a number that begins with 0": _inserted("01"),
    "a number that ends with a point": _inserted("1."),
    "a number that begins with a point": _inserted(".5"),
    "a number with a plus": _inserted("+1"),
    "a minus alone": _inserted("-"),
    "a hexadecimal number": _inserted("0x1"),
    "a number past all doubles beside the fields": _inserted("1e400"),
    "a number past all doubles in a list": _inserted("[1, -1e400]"),
    "a number too small for a double": _inserted("1e-400"),
    "an integer of 400 digits": _inserted("1" * 400),
    "a fraction of 400 digits": _inserted("0." + "1" * 400),
    "a number of 30 digits": _inserted("123456789012345678901234567890"),
    "True with a capital": _inserted("True"),
    "an array not closed": _inserted("[1"),
    "an empty array item": _inserted("[1,,2]"),
    "arrays 100 deep": _inserted("[" * 100 + "]" * 100),
    "arrays 400 deep": _inserted("[" * 400 + "]" * 400),
    "arrays as deep as is read": _inserted("[" * 498 + "]" * 498),  # two objects are around them
    "arrays deeper than is read": _inserted("[" * 499 + "]" * 499),
    "objects deeper than is read": _inserted('{"a":' * 499 + "1" + "}" * 499),
    "arrays deeper than any parser reads": _inserted("[" * 20_000 + "]" * 20_000),
    "as many objects as an event has, side by side": _inserted("[" + ",".join(["{}"] * 497) + "]"),
    "more objects than an event has, side by side": _inserted("[" + ",".join(["{}"] * 498) + "]"),
    "more brackets in a text than an event has": _inserted('"' + "[" * 499 + '"'),
    "a number as nobody writes it before arrays as deep as is read": raw_event(
        "quantity", '1e1, "extra": ' + "[" * 498 + "]" * 498, "data"
    ),
    "a number as nobody writes it before arrays deeper than is read": raw_event(
        "quantity", '1e1, "extra": ' + "[" * 990 + "]" * 990, "data"
    ),
    "id twice, the same": _inserted('"e1"', "id"),
    "id twice": _inserted('"e2"', "id"),
    "id twice, then null": _inserted("null", "id"),
    "id twice, first null": GOOD_BYTES.replace(b'"id":"e1"', b'"id": null, "id": "e1"'),
    "id twice, then a number": _inserted("7", "id"),
    "id twice, first a number": GOOD_BYTES.replace(b'"id":"e1"', b'"id": 7, "id": "e1"'),
    "subject twice": _inserted('"A2"', "subject"),
    "time twice": _inserted('"2026-11-19T09:00:00Z"', "time"),
    "data twice": _inserted('{"carrier": "ups"}', "data"),
    "data twice, both full": raw_event("carrier", '"ups"', "data")[:-1] + b', "data": {"station": "S1"}}',
    "data twice, then a text": _inserted('"x"', "data"),
    "a field twice": raw_event("carrier", '"ups", "carrier": "fedex"', "data"),
    "a field twice, first wrong": raw_event("carrier", '"x", "carrier": "fedex"', "data"),
    "a field twice, then wrong": raw_event("carrier", '"ups", "carrier": "x"', "data"),
    "a field twice, then nested": raw_event("carrier", '"ups", "carrier": {}', "data"),
    "a field twice, first nested": raw_event("carrier", '{}, "carrier": "ups"', "data"),
    "a member twice that nobody reads": _inserted('1, "extra": 2'),
    "a name in capitals": GOOD_BYTES.replace(b'"id"', b'"ID"'),
    "an empty name": _inserted("1", ""),
    "a name with points": _inserted('"fedex"', "data.carrier"),
    "a name with a dollar sign": _inserted('"fedex"', "$.id"),
    "fields beside data": _inserted('"nobody"', "carrier"),
    "data in data": raw_event("data", '{"carrier": "x"}', "data"),
    "a field that nobody reads, nested": raw_event("extra", '{"carrier": [1]}', "data"),
    "two fields wrong, the later one nested": raw_event("carrier", '"x", "nps": []', "data"),
    "two fields nested": raw_event("nps", '[], "carrier": {}', "data"),
    "two fields wrong": raw_event("nps", '11, "carrier": "x"', "data"),
    "a field wrong and the patient": raw_event("patient_id", '7, "csat": 9', "data"),
    "a patient": raw_event("patient_id", '"P1"', "data"),
    "a patient with a blank": raw_event("patient_id", '"P 1"', "data"),
    "a patient with no letter": raw_event("patient_id", '""', "data"),
    "a patient of 129 letters": raw_event("patient_id", f'"{"P" * 129}"', "data"),
    "a patient that is a number": raw_event("patient_id", "7", "data"),
    "a patient that is nested": raw_event("patient_id", '{"id": "P1"}', "data"),
    "a patient that is null": raw_event("patient_id", "null", "data"),
    "an appeal approved": event_bytes(type="appeal_decided", data={"decision": "approved"}),
    "an appeal denied": event_bytes(type="appeal_decided", data={"decision": "denied"}),
    "an appeal decided somehow": event_bytes(type="appeal_decided", data={}),
    "a denial of what cannot be denied": event_bytes(type="shipped", data={"decision": "denied"}),
    "blanks between": json.dumps({**GOOD, "data": {"carrier": "ups", "wait": 1.5}}).encode(),
    "a blank before a colon, a field twice": raw_event("carrier", '"ups","carrier" :"fedex"', "data"),
    "a field's old name in version 2": raw_event("patient_pay", "12.5", "data", "order-event/2"),
    "a field's later name in version 1": raw_event("patient_pay_usd", "12.5", "data"),
    "both names in version 2": raw_event("station", '"old","station_id":"new"', "data", "order-event/2"),
    "a later version's field in version 1": raw_event("shift", '"day"', "data"),
    "a later version's field, nested, in version 1": raw_event("shift", "{}", "data"),
    "a sparse area": raw_event("zip3", '"036"', "data"),
    "a correction": event_bytes(data={"corrects_id": "e0", "correction_reason": "did_not_occur"}),
}


def hand_made() -> dict[str, bytes]:
    """Return every payload that is written down or listed here, by what it is."""
    return {"a good event": GOOD_BYTES, **DOCUMENTS, **envelope_payloads(), **field_payloads()}
