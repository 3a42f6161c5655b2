"""One order's story: each event, when it happened, when it was known, and where it came from."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.feeds import SOURCE_NAMES

DETAILS = ("station", "carrier", "reason", "substatus", "decision", "condition", "correction_reason")
LATE_HOURS = 1.0  # known so much later than it happened is worth saying


def timeline_rows(events: pd.DataFrame) -> list[dict]:
    """Return one dict an event in the order of happening, of sql/dashboards/order_events.sql.

    Keys: event_at, known_at (ISO 8601, UTC), what, source, stage, detail, came_by (batch or stream), late_hours (null
    where it was known within an hour), wait_hours since the event before.
    """
    rows, before = [], None
    for event in events.itertuples():
        late = (event.known_at - event.event_at) / pd.Timedelta(hours=1)
        details = [str(value) for name in DETAILS if pd.notna(value := getattr(event, name)) and value != ""]
        if pd.notna(event.minutes_outside):
            details.append(f"{event.minutes_outside:.0f} min outside the range")
        if pd.notna(event.corrects_id):
            details.append(f"corrects {event.corrects_id}")
        rows.append(
            {
                "event_at": event.event_at.isoformat(),
                "known_at": event.known_at.isoformat(),
                "what": event.event_type.replace("_", " "),
                "source": SOURCE_NAMES.get(event.source, event.source),
                "stage": event.stage_label if pd.notna(event.stage_label) else "",
                "detail": ", ".join(details),
                "came_by": "batch" if event.is_in_batch else "stream",
                "late_hours": round(float(late), 2) if late > LATE_HOURS else None,
                "wait_hours": None if before is None else round((event.event_at - before) / pd.Timedelta(hours=1), 2),
            }
        )
        before = event.event_at
    return rows
