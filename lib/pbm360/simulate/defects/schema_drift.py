"""From a set date on, the warehouse's and the insurance's feeds speak `order-event/2`: a new field, two renamed."""

from __future__ import annotations

from pbm360.domain.envelope import to_instant
from pbm360.domain.rules import typed_fields
from pbm360.simulate.defects.sending import Target

DRIFTING_SOURCES = frozenset(["wms", "payer"])
DRIFT_VERSION = 2
RENAMED = {field.field: field.renamed_to for field in typed_fields() if field.renamed_to}
DAY_SHIFT_ENDS_AT = 14  # [A] o'clock in UTC: enough for a code


def drift(target: Target) -> tuple[str, str] | None:
    """Send a step in the new schema, where a field differs there; returns the defect and what it did."""
    if target.source not in DRIFTING_SOURCES:
        return None
    data = target.data()
    changed = {old: new for old, new in RENAMED.items() if old in data}
    if target.source == "wms":
        hour = to_instant(target.step.event_at).hour
        target.form().data = data | {"shift": "day" if hour < DAY_SHIFT_ENDS_AT else "evening"}
    elif not changed:
        return None
    target.form().schema_version = DRIFT_VERSION
    told = [f"{old} is {new}" for old, new in changed.items()] + ["shift is new"] * (target.source == "wms")
    return "schema_drift", f"order-event/{DRIFT_VERSION}: {', '.join(told)}"
