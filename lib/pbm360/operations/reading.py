"""Read from the warehouse what the dashboards show: the operation now, and what changes slowly behind it.

What only a batch changes (gold) is read again only when the batch's mark has moved, or a day has begun.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import pyarrow as pa

from pbm360.warehouse import Warehouse

HISTORY_DAYS = 14  # closed orders stay in the picture for so long
AT_RISK_SHARE = 0.8  # of the time that the stage allows
FORECAST_DAYS = 28  # deliveries of so many days say how long it takes
CARRIER_WEEKS = 8
FLOWING_FRAMES = ("supplies", "stage_flow", "feeds", "risk", "alerts")
GOLD_FRAMES = ("remaining", "carrier_weeks", "usual_hours")


@dataclass(frozen=True)
class Background:
    """What changes slowly and is read seldom: history, supplies, flow, feeds, forecasts and alerts.

    Each frame has the columns and grain of the file of `sql/dashboards/` that has its name. `mark` is gold's at the
    reading (`gold_mark`), `read_at` says of each frame when it was read (UTC).
    """

    supplies: pd.DataFrame
    remaining: pd.DataFrame
    stage_flow: pd.DataFrame
    carrier_weeks: pd.DataFrame
    usual_hours: pd.DataFrame
    feeds: pd.DataFrame
    risk: pd.DataFrame | None = None
    alerts: pd.DataFrame | None = None
    mark: tuple = ()
    read_at: Mapping[str, datetime.datetime] = field(default_factory=dict)

    @property
    def flowing_since(self) -> datetime.datetime:
        """When the oldest of what is read again and again was read (UTC); gold's frames stand as long as its mark."""
        return min(self.read_at[name] for name in FLOWING_FRAMES)


@dataclass(frozen=True)
class Snapshot:
    """The operation at one instant.

    `as_of` (UTC) is the moment that ages are counted to. `orders` has the columns and grain of
    sql/dashboards/orders.sql, `stages` those of stages.sql; `freshness` is the one row of freshness.sql.
    `read_seconds` is what the warehouse took. `background` is None until it was read for the first time.
    `background_late_since` (UTC) is since when it should have been read anew; None where it is as new as it should be.
    """

    as_of: datetime.datetime
    read_seconds: float
    orders: pd.DataFrame
    stages: pd.DataFrame
    freshness: dict
    background: Background | None = None
    background_late_since: datetime.datetime | None = None


def gold_mark(freshness: dict, now: datetime.datetime) -> tuple:
    """Return what moves when gold has changed, or its windows have: the batch's day, its publication, the day (UTC)."""
    return freshness["batch_date"], freshness["batch_published_at"], now.date()


def read_freshness(warehouse: Warehouse, now: datetime.datetime) -> dict:
    """Read the one row of freshness.sql."""
    return warehouse.run("dashboards/freshness.sql", {"now": now}).to_pylist()[0]


def read_orders(warehouse: Warehouse, now: datetime.datetime) -> pa.Table:
    """Read the serving view's orders with ages counted to `now` (UTC)."""
    parameters = {"now": now, "history_days": HISTORY_DAYS, "at_risk_share": AT_RISK_SHARE}
    return warehouse.run("dashboards/orders.sql", parameters)


def read_snapshot(
    warehouse: Warehouse, background: Background | None = None, before: Snapshot | None = None
) -> Snapshot:
    """Read the operation as of now; the stages are those of the snapshot `before` while gold's mark stands."""
    now, started = datetime.datetime.now(datetime.UTC), time.monotonic()
    freshness, orders = warehouse.together([partial(read_freshness, now=now), partial(read_orders, now=now)])
    is_known = before is not None and gold_mark(before.freshness, before.as_of) == gold_mark(freshness, now)
    return Snapshot(
        as_of=now,
        orders=orders.to_pandas(),
        stages=before.stages if is_known else warehouse.run("dashboards/stages.sql").to_pandas(),
        freshness=freshness,
        background=background,
        read_seconds=time.monotonic() - started,
    )


def read_background(warehouse: Warehouse) -> Background:
    """Read all that changes slowly, as of now."""
    now = datetime.datetime.now(datetime.UTC)
    mark = gold_mark(read_freshness(warehouse, now), now)
    names = (*GOLD_FRAMES, *FLOWING_FRAMES)
    return Background(mark=mark, read_at=dict.fromkeys(names, now), **_read_frames(warehouse, names, now))


def refreshed(warehouse: Warehouse, before: Background, name: str, freshness: dict) -> Background:
    """Return `before` with one of `FLOWING_FRAMES` read anew.

    What comes of gold alone is read, too, where `freshness` (one row of freshness.sql) says that gold's mark has moved.
    """
    now = datetime.datetime.now(datetime.UTC)
    mark = gold_mark(freshness, now)
    names = [name] if mark == before.mark else [name, *GOLD_FRAMES]
    read_at = {**before.read_at, **dict.fromkeys(names, now)}
    return replace(before, mark=mark, read_at=read_at, **_read_frames(warehouse, names, now))


def _read_frames(warehouse: Warehouse, names: Iterable[str], now: datetime.datetime) -> dict[str, pd.DataFrame]:
    parameters = {
        "supplies": {},
        "risk": {},
        "alerts": {},
        "stage_flow": {"now": now},
        "feeds": {"now": now},
        "remaining": {"now": now, "since": now - datetime.timedelta(days=FORECAST_DAYS)},
        "carrier_weeks": {"now": now, "week_count": CARRIER_WEEKS},
        "usual_hours": {"now": now},
    }
    return {name: warehouse.run(f"dashboards/{name}.sql", parameters[name]).to_pandas() for name in names}
