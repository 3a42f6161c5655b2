"""Rows of the views as people read them in the second front: labels, units and the words of each status."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from pbm360.figures.style import duration_text

WORDS = {
    "breached": "■ Breached",
    "at_risk": "▲ At risk",
    "on_track": "● On track",
    "untimed": "○ No limit",
    "critical": "■ Critical",
    "high": "▲ High",
    "medium": "● Medium",
    "red": "■ Runs out before",
    "amber": "▲ Under 3 days",
    "none": "● Enough",
    "good": "● As usual",
    "quiet": "▲ Quiet",
    "silent": "■ Silent",
    "loud": "● Far more than usual",
    "unknown": "○ No usual rate",
    "better": "● Better",
    "worse": "▲ Worse",
    "noise": "○ No difference",
    "hidden": "○ Too few to say",
}
UNKNOWN = "–"
SPANS = (("Last hour", 1), ("Last 8 hours", 8), ("Last 24 hours", 24))


def readable(
    rows: Sequence[Mapping], columns: Sequence[tuple[str, str, str]], as_of: datetime.datetime
) -> list[dict[str, str]]:
    """Return the rows with the columns' labels as keys and their values as texts; hours are counted to `as_of`."""
    return [{label: cell_text(kind, row.get(name), as_of) for name, label, kind in columns} for row in rows]


def changes_of_spans(changes: Mapping, as_of: datetime.datetime) -> list[dict[str, str]]:
    """Add up what changed (`figures.since.changes_by_step`) in the last hours, counted to the five minutes."""
    step = datetime.timedelta(minutes=changes["step_minutes"])
    first_at = datetime.datetime.fromisoformat(changes["first_at"])
    newest = (as_of - first_at) // step
    starts = {label: max(newest - int(datetime.timedelta(hours=hours) / step), 0) for label, hours in SPANS}
    return [
        {"What": row["what"]} | {label: f"{sum(row['counts'][start:]):,}" for label, start in starts.items()}
        for row in changes["rows"]
    ]


def cell_text(kind: str, value: object, as_of: datetime.datetime) -> str:
    """Write a value of a kind of column (`widgets/table.js`), a moment in UTC."""
    if value is None or value == "":
        return UNKNOWN
    if kind == "pill":
        return WORDS.get(value, str(value))
    if kind == "time":
        return f"{datetime.datetime.fromisoformat(value).astimezone(datetime.UTC):%a %d %b, %H:%M} UTC"
    if kind in ("since", "until"):
        hours = (as_of - datetime.datetime.fromisoformat(value)) / datetime.timedelta(hours=1)
        return duration_text(max(hours, 0.0) if kind == "since" else -hours)
    return _number_text(kind, value) if isinstance(value, int | float) else str(value)


def _number_text(kind: str, value: float) -> str:
    if kind == "duration":
        return duration_text(value)
    if kind == "percent":
        return f"{value:.0%}"
    units = {"hours": f"{value:g} h", "days": f"{value:.1f} d", "signed": f"{value:+,g}"}
    return units.get(kind, f"{value:,g}")
