"""Read the domain's data files: stages, event types, typed fields, codes, schemas, transitions.

The same files are loaded as tables `pbm_silver.rule_*` for the SQL, so both follow one text.
"""

from __future__ import annotations

import csv
import datetime
from dataclasses import dataclass
from functools import cache
from importlib import resources

DATA = resources.files("pbm360.domain") / "data"
RENAMING_VERSION = 2  # of the schema: from it on the fields have their later names
DEFAULT_SCHEMA = "order-event/1"  # what an event without `dataschema` is taken for


@dataclass(frozen=True)
class Stage:
    """A stage of an order: its place in the order of ties, its label and the hours it may last (None: terminal)."""

    stage: str
    stage_order: int
    label: str
    sla_hours: float | None
    is_terminal: bool


@dataclass(frozen=True)
class EventType:
    """An event type, the source that usually sends it and the stage it enters (None: it enters none)."""

    event_type: str
    source: str
    stage: str | None
    stage_when_denied: str | None


@dataclass(frozen=True)
class Field:
    """A typed field of `data`: its name there, its column in silver, its kind and its range.

    A version of the schema may bring a field (`first_version`) or, from version 2 on, call it otherwise (`renamed_to`).
    """

    field: str
    column: str
    kind: str
    minimum: int | None
    maximum: int | None
    first_version: int
    renamed_to: str | None

    def name_in(self, schema_version: int) -> str | None:
        """Return the field's name in messages of a version; `None` where that version does not have it."""
        if schema_version < self.first_version:
            return None
        return self.renamed_to if self.renamed_to and schema_version >= RENAMING_VERSION else self.field


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of a data file, e.g. `stages`, as text; an empty cell is an empty text."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def stages() -> dict[str, Stage]:
    """Map each stage's name to the stage, in their order."""
    return {
        row["stage"]: Stage(
            stage=row["stage"],
            stage_order=int(row["stage_order"]),
            label=row["label"],
            sla_hours=float(row["sla_hours"]) if row["sla_hours"] else None,
            is_terminal=row["is_terminal"] == "true",
        )
        for row in read_table("stages")
    }


@cache
def event_types() -> dict[str, EventType]:
    """Map each event type's name to the type."""
    return {
        row["event_type"]: EventType(
            row["event_type"], row["source"], row["stage"] or None, row["stage_when_denied"] or None
        )
        for row in read_table("event_types")
    }


@cache
def typed_fields() -> tuple[Field, ...]:
    """List the typed fields of `data`, in the order in which they are judged."""
    return tuple(
        Field(
            row["field"],
            row["column"],
            row["kind"],
            int(row["minimum"]) if row["minimum"] else None,
            int(row["maximum"]) if row["maximum"] else None,
            int(row["first_version"]),
            row["renamed_to"] or None,
        )
        for row in read_table("fields")
    )


@cache
def codes(field: str) -> dict[str, str]:
    """Map every accepted spelling (lower case, trimmed) of a coded field to its code; `type` and `source` too."""
    return {row["code"]: row["value"] for row in read_table("codes") if row["field"] == field}


@cache
def schema_versions() -> dict[str, int]:
    """Map each known `dataschema` to its version."""
    return {row["dataschema"]: int(row["schema_version"]) for row in read_table("schemas")}


@cache
def allowed_transitions() -> frozenset[tuple[str, str]]:
    """Return the allowed (from stage, to stage) pairs."""
    return frozenset((row["from_stage"], row["to_stage"]) for row in read_table("transitions"))


@cache
def rejection_reasons() -> dict[str, str]:
    """Map each reason code of a refused message to its meaning."""
    return {row["reason_code"]: row["meaning"] for row in read_table("rejection_reasons")}


@cache
def holidays() -> frozenset[datetime.date]:
    """Return the public holidays on which nobody works."""
    return frozenset(datetime.date.fromisoformat(row["holiday_date"]) for row in read_table("holidays"))


@cache
def sparse_zip3() -> frozenset[str]:
    """Return the three-digit ZIP areas of 20,000 people or fewer (HHS guidance on Safe Harbor, 2000 census)."""
    return frozenset(row["zip3"] for row in read_table("sparse_zip3"))
