"""Read from the warehouse what the dashboards show: the operation now, and what changes slowly behind it."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from pbm360.warehouse import Warehouse

HISTORY_DAYS = 14  # closed orders stay in the picture for so long
AT_RISK_SHARE = 0.8  # of the time that the stage allows
FORECAST_DAYS = 28  # deliveries of so many days say how long it takes
CARRIER_WEEKS = 8
FRAMES = ("orders", "stages", "freshness")
BACKGROUND_FRAMES = ("supplies", "remaining", "stage_flow", "carrier_weeks", "usual_hours", "feeds")


@dataclass(frozen=True)
class Background:
    """What changes slowly and is read seldom: history, supplies, flow, feeds.

    `as_of` (UTC) is the moment of reading. Each frame has the columns and grain of the file of `sql/dashboards/` that
    has its name.
    """

    as_of: datetime.datetime
    supplies: pd.DataFrame
    remaining: pd.DataFrame
    stage_flow: pd.DataFrame
    carrier_weeks: pd.DataFrame
    usual_hours: pd.DataFrame
    feeds: pd.DataFrame


@dataclass(frozen=True)
class Snapshot:
    """The operation at one instant.

    `as_of` (UTC) is the moment that ages are counted to. `orders` has the columns and grain of
    sql/dashboards/orders.sql, `stages` those of stages.sql; `freshness` is the one row of freshness.sql.
    `read_seconds` is what the warehouse took. `background` is None until it was read for the first time.
    """

    as_of: datetime.datetime
    read_seconds: float
    orders: pd.DataFrame
    stages: pd.DataFrame
    freshness: dict
    background: Background | None = None


def read_tables(warehouse: Warehouse, now: datetime.datetime) -> dict[str, pa.Table]:
    """Run the dashboards' queries for the instant `now` (UTC) and return their rows by frame."""
    parameters = {
        "orders": {"now": now, "history_days": HISTORY_DAYS, "at_risk_share": AT_RISK_SHARE},
        "stages": {},
        "freshness": {"now": now},
    }
    return {name: warehouse.run(f"dashboards/{name}.sql", parameters[name]) for name in FRAMES}


def read_background_tables(warehouse: Warehouse, now: datetime.datetime) -> dict[str, pa.Table]:
    """Run the queries of what changes slowly for the instant `now` (UTC) and return their rows by frame."""
    parameters = dict.fromkeys(BACKGROUND_FRAMES, {"now": now}) | {"supplies": {}}
    parameters["remaining"] = {"now": now, "since": now - datetime.timedelta(days=FORECAST_DAYS)}
    parameters["carrier_weeks"] = {"now": now, "week_count": CARRIER_WEEKS}
    return {name: warehouse.run(f"dashboards/{name}.sql", parameters[name]) for name in BACKGROUND_FRAMES}


def read_snapshot(warehouse: Warehouse, background: Background | None = None) -> Snapshot:
    """Read the operation as of now."""
    now, started = datetime.datetime.now(datetime.UTC), time.monotonic()
    tables = read_tables(warehouse, now)
    return Snapshot(
        as_of=now,
        read_seconds=time.monotonic() - started,
        orders=tables["orders"].to_pandas(),
        stages=tables["stages"].to_pandas(),
        freshness=tables["freshness"].to_pylist()[0],
        background=background,
    )


def read_background(warehouse: Warehouse) -> Background:
    """Read what changes slowly, as of now."""
    now = datetime.datetime.now(datetime.UTC)
    tables = read_background_tables(warehouse, now)
    return Background(now, **{name: table.to_pandas() for name, table in tables.items()})
