"""The feeds' health: when each source was heard last, and how much it sends against its usual rate."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.style import instant_text

TITLE = "Is every source being heard?"
SOURCE_NAMES = {
    "oms": "Order management",
    "payer": "Payers",
    "wms": "Warehouse scanners",
    "carrier": "Carriers",
    "iot": "Temperature loggers",
    "crm": "Patient contacts",
}
QUIET_SHARE, SILENT_SHARE, LOUD_SHARE = 0.5, 0.1, 3.0  # of the usual rate
LEAST_USUAL = 5.0  # events an hour; below, a rate says nothing


def feed_rows(feeds: pd.DataFrame) -> list[dict]:
    """Return one row a source: name, state (`feed_state`), heard_at, event_count_hour, usual_count_hour.

    `feeds` is sql/dashboards/feeds.sql. A source is quiet below half of its usual rate, silent below a tenth or where
    nothing came in four weeks, loud over its threefold; another one without a usual rate is judged by nothing.
    """
    rows = []
    for row in feeds.itertuples():
        usual = None if pd.isna(row.usual_count_hour) else float(row.usual_count_hour)
        rows.append(
            {
                "source": SOURCE_NAMES.get(row.source, row.source),
                "state": "silent" if pd.isna(row.last_known_at) else feed_state(row.event_count_hour, usual),
                "heard_at": instant_text(row.last_known_at),
                "event_count_hour": int(row.event_count_hour),
                "usual_count_hour": None if usual is None else round(usual, 1),
            }
        )
    return rows


def feed_state(event_count: int, usual: float | None) -> str:
    """Judge a source by its last hour: good, quiet, silent, loud, or unknown where nothing says what is usual."""
    if usual is None or usual < LEAST_USUAL:
        return "good" if event_count else "unknown"
    share = event_count / usual
    if share < QUIET_SHARE:
        return "silent" if share < SILENT_SHARE else "quiet"
    return "loud" if share > LOUD_SHARE else "good"
