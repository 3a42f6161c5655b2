"""Find the partitions that a build's statements have to look into: lists of dates, handed to them as parameters.

BigQuery leaves a partition unread where a constant or a parameter says so, never where a join or a subquery does.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from pbm360.warehouse import Warehouse

COPY_DAYS = 35  # around the day that is built: copies of an event that say another date are looked for there, too
EPOCH = datetime.date(1970, 1, 1)
ENTITIES = ("drugs", "patients", "pharmacies")
Dates = tuple[str, list[datetime.date]]


def dates(days: Iterable[datetime.date]) -> Dates:
    """Make a parameter of some days: an array of dates, which may be empty."""
    return "DATE", sorted(set(days))


def silver_dates(warehouse: Warehouse, first_date: datetime.date, last_date: datetime.date) -> Dates:
    """List the dates of the events that published runs judged, of messages known in some days (both included)."""
    found = warehouse.run("build/silver_dates.sql", {"first_date": first_date, "last_date": last_date})
    return dates(found["event_date"].to_pylist())


def copy_dates(warehouse: Warehouse, run_date: datetime.date) -> Dates:
    """List the dates at which silver may hold copies of the events that a build has judged."""
    return dates([*warehouse.run("staging/judged_dates.sql")["event_date"].to_pylist(), *_around(run_date)])


def order_dates(warehouse: Warehouse) -> Dates:
    """List the dates of the events of all orders that a build computes anew, and so of their rows in gold."""
    days: set[datetime.date] = set()
    for span in warehouse.run("staging/touched_spans.sql").to_pylist():
        length = (span["last_event_date"] - span["first_event_date"]).days
        days |= {span["first_event_date"] + datetime.timedelta(days=number) for number in range(length + 1)}
    return dates(days)


def replaced_dates(warehouse: Warehouse) -> dict[str, Dates]:
    """Return where silver holds what a build replaces: events whose place its copies take, spans of its orders."""
    rows = warehouse.run("staging/replaced_dates.sql").to_pylist()
    parameters = {"copy_dates": "stg_order_events", "span_dates": "order_spans"}
    return {
        name: dates(row["partition_date"] for row in rows if row["table_name"] == table)
        for name, table in parameters.items()
    }


def review_dates(warehouse: Warehouse, run_date: datetime.date) -> dict:
    """Return where silver has the events of a day's messages, and where it may have those that live holds."""
    live = warehouse.run("build/live_dates.sql")["event_date"].to_pylist()
    of_day = silver_dates(warehouse, run_date, run_date)
    return {"silver_dates": of_day, "live_dates": dates([*live, *_around(run_date)])}


def live_dates(warehouse: Warehouse) -> dict:
    """Return where silver may hold what live holds: the events' dates, and the first day of their messages."""
    rows = warehouse.run("build/live_dates.sql").to_pylist()
    first_date = min((row["first_known_date"] for row in rows), default=EPOCH)
    return {"live_dates": dates(row["event_date"] for row in rows), "live_known_date": first_date}


def snapshots_since(warehouse: Warehouse, run_date: datetime.date) -> dict[str, datetime.date]:
    """Return, by entity, from which snapshot on a build has to read order management: the last that is as published.

    Where no snapshot is, all are read.
    """
    last = warehouse.run("build/last_snapshot.sql", {"run_date": run_date})["snapshot_date"].to_pylist()[0]
    if last is None:
        return dict.fromkeys(ENTITIES, EPOCH)
    counts = warehouse.run("build/snapshot_counts.sql", {"snapshot_date": last}).to_pylist()
    return {row["entity"]: last if row["row_count"] else EPOCH for row in counts}


def _around(run_date: datetime.date) -> list[datetime.date]:
    return [run_date + datetime.timedelta(days=number) for number in range(-COPY_DAYS, COPY_DAYS + 1)]
