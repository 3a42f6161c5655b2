"""Hold features against the past: those of an instant must be the same where nothing later was ever known.

The events known by the instant are laid into datasets of their own, the features are read there, too, and any value
that differs has come from the future.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pandas as pd

from pbm360 import medallion
from pbm360.scratch import STUDY, forget_scratch, scratch_warehouse
from pbm360.warehouse import Warehouse

TRUNCATED_SUFFIX = f"{STUDY}_leakage"
EVENT_TABLES = ("silver.stg_order_events", "live.order_events")
OTHER_TABLES = ("gold.dim_pharmacies", "ops.tombstones")  # what features need beside the events and the domain's rules
Reader = Callable[[Warehouse, datetime.datetime], pd.DataFrame]


class Leak(AssertionError):
    """Features of an instant hold what became known after it; the text names the columns and an order."""


def features_as_of(warehouse: Warehouse, as_of: datetime.datetime) -> pd.DataFrame:
    """Read the forecast's own features (sql/risk/features_as_of.sql)."""
    return warehouse.run("risk/features_as_of.sql", {"as_of": as_of}).to_pandas()


def require_no_leak(warehouse: Warehouse, as_of: datetime.datetime, read: Reader = features_as_of) -> int:
    """Compare the features of an instant (UTC) with those of a past that ends there; returns how many rows were held.

    `read` returns one row per order with `order_id`. Raises `Leak`.
    """
    truncated = truncated_warehouse(warehouse, as_of)
    try:
        known, seen = (_by_order(read(source, as_of)) for source in (truncated, warehouse))
    finally:
        forget_scratch(truncated)
    if not known.index.equals(seen.index):
        wrong = sorted(known.index.symmetric_difference(seen.index))
        raise Leak(f"{len(wrong)} orders are open as of {as_of:%Y-%m-%d %H:%M} in one past alone, e.g. {wrong[0]}")
    differs = (known != seen) & ~(known.isna() & seen.isna())
    columns = [name for name in differs if differs[name].any()]
    if columns:
        order = differs.index[differs[columns[0]]][0]
        raise Leak(
            f"{', '.join(columns)} of {as_of:%Y-%m-%d %H:%M} hold what became known later, e.g. of order {order}; "
            "features come from events with known_at <= the instant alone"
        )
    return len(seen)


def truncated_warehouse(warehouse: Warehouse, as_of: datetime.datetime) -> Warehouse:
    """Return datasets of a study that hold the events known by an instant, and nothing that was built of later ones."""
    truncated = scratch_warehouse(warehouse.settings, TRUNCATED_SUFFIX)
    forget_scratch(truncated)
    medallion.prepare(truncated)
    for table in EVENT_TABLES:
        rows = warehouse.read_table(table, row_filter=f"known_at <= '{as_of.isoformat()}'")
        truncated.load_arrow(table, rows)
    for table in OTHER_TABLES:
        truncated.load_arrow(table, warehouse.read_table(table))
    return truncated


def _by_order(features: pd.DataFrame) -> pd.DataFrame:
    return features.set_index("order_id").sort_index()
