"""Read the text of one field of `data` by its kind: the typed value, or `None` where the text is not of that kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pbm360.domain import rules
from pbm360.domain.privacy import publishable_zip3
from pbm360.domain.timestamps import parse_microseconds

TEXTS_REMEMBERED = 4096  # of each field, so that what comes again and again is read once
REPEATED_KINDS = {"integer", "numeric", "boolean", "date", "zip3", "ndc", "code"}

is_identifier = re.compile(r"[!-~]{1,128}").fullmatch
is_integer = re.compile(r"-?[0-9]{1,15}").fullmatch
is_numeric = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?").fullmatch
is_date = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
is_zip3 = re.compile(r"[0-9]{3}").fullmatch
is_ndc = re.compile(r"[0-9]{10,11}").fullmatch


def _identifier(text: str) -> str | None:
    return text if is_identifier(text) else None


def _integer(text: str) -> int | None:
    return int(text) if is_integer(text) else None


def _numeric(text: str) -> Decimal | None:
    return Decimal(text) if is_numeric(text) else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if is_date(text) else None
    except ValueError:
        return None


def _zip3(text: str) -> str | None:
    return publishable_zip3(text) if is_zip3(text) else None


def _ndc(text: str) -> str | None:
    digits = text.replace("-", "")
    return digits.rjust(11, "0") if is_ndc(digits) else None


def _code(name: str) -> Callable[[str], str | None]:
    known = rules.codes(name)
    return lambda text: known.get(text) or known.get(text.strip(" ").lower())


READERS = {
    "identifier": _identifier,
    "integer": _integer,
    "numeric": _numeric,
    "boolean": _boolean,
    "date": _date,
    "timestamp": parse_microseconds,
    "zip3": _zip3,
    "ndc": _ndc,
}


def reader(field: rules.Field) -> Callable[[str], Any]:
    """Return what reads a field: a text in, the value of its column out, `None` where it is not of the field's kind."""
    read = _code(field.field) if field.kind == "code" else READERS[field.kind]
    return lru_cache(maxsize=TEXTS_REMEMBERED)(read) if field.kind in REPEATED_KINDS else read
