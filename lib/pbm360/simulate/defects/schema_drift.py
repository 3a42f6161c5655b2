"""From a set date on, the warehouse's and the insurance's feeds speak `order-event/2`: a new field, two renamed."""

from __future__ import annotations

from functools import cache

from pbm360.domain.rules import typed_fields
from pbm360.simulate.defects.sending import data_of, form_of
from pbm360.simulate.opening_hours import DAY, HOUR
from pbm360.simulate.world import Step

DRIFTING_SOURCES = frozenset(["wms", "payer"])
DRIFT_VERSION = 2
RENAMED = {field.field: field.renamed_to for field in typed_fields() if field.renamed_to}
DAY_SHIFT_ENDS_AT = 14  # [A] o'clock in UTC: enough for a code


def drift(step: Step, source: str) -> tuple[str, str] | None:
    """Send a drifting source's step in the new schema, where a field differs there; returns the defect and its deed."""
    data = data_of(step)
    changed = () if RENAMED.keys().isdisjoint(data) else tuple([old for old in RENAMED if old in data])
    if source != "wms" and not changed:
        return None
    form = form_of(step)
    if source == "wms":
        form.data = data | {"shift": "day" if step.event_at % DAY < DAY_SHIFT_ENDS_AT * HOUR else "evening"}
    form.schema_version = DRIFT_VERSION
    return "schema_drift", told_of(source, changed)


@cache
def told_of(source: str, changed: tuple[str, ...]) -> str:
    """Return what the ledger says of a step whose source's schema changed these fields."""
    told = [f"{old} is {RENAMED[old]}" for old in changed] + ["shift is new"] * (source == "wms")
    return f"order-event/{DRIFT_VERSION}: {', '.join(told)}"
