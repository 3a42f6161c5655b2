"""Guess what a column or a value of a log means by its words; `hints.csv` holds the words, first match first."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from pbm360.domain import rules

FILE = Path(__file__).with_name("hints.csv")
TIME_WORDS = re.compile(r" (at|on|time|timestamp|date|datetime|utc|local|ts|dt)$")


def in_words(name: str) -> str:
    """Return a name as lower-case words: `PatientID`, `patient_id` and `PATIENT-ID` are all `patient id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", spaced.lower()))


def event_type_of(name: str) -> str | None:
    """Guess the event type that a value, or the name of a column of times, stands for."""
    words = in_words(name)
    while (shorter := TIME_WORDS.sub("", words)) != words:
        words = shorter
    known = rules.codes("type")
    return known.get(words.replace(" ", "_")) or known.get(words) or _first("event_type", words)


def field_of(column: str) -> str | None:
    """Guess the field of `data` that a column holds."""
    words = in_words(column)
    names = {each.field for each in rules.typed_fields()}
    if words.replace(" ", "_") in names:
        return words.replace(" ", "_")
    return next((role for role in _roles() if role in names | {"patient_id"} and is_like(role, column)), None)


def rank(role: str, column: str) -> int | None:
    """Return how well a column's name fits a role (`order`, `event_id`, `type`, `time`), 0 best; None: not at all."""
    words = in_words(column)
    return next((number for number, (pattern, _) in enumerate(_roles()[role]) if pattern.search(words)), None)


def is_like(role: str, column: str) -> bool:
    """Say whether a column's name fits a role."""
    return rank(role, column) is not None


def _first(role: str, words: str) -> str | None:
    return next((meaning for pattern, meaning in _roles()[role] if pattern.search(words)), None)


@cache
def _roles() -> dict[str, list[tuple[re.Pattern, str]]]:
    roles: dict[str, list[tuple[re.Pattern, str]]] = {}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            roles.setdefault(row["role"], []).append((re.compile(row["pattern"]), row["meaning"]))
    return roles
