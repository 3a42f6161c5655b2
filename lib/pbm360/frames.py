"""Open a table as a BigQuery DataFrame: on BigQuery itself, or on a laptop by bigframes' own polars engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pbm360.warehouse import Warehouse


def read_frame(warehouse: Warehouse, table: str, columns: Sequence[str]):
    """Return a table (`layer.table`) as a bigframes DataFrame of those columns.

    On gcp nothing is read until a result is asked for, and BigQuery does the work. On a laptop the table is read here
    and computed by polars; what that engine lacks raises `NotImplementedError`.
    """
    if warehouse.settings.target == "gcp":
        import bigframes.pandas

        bigframes.pandas.options.bigquery.project = warehouse.settings.project
        bigframes.pandas.options.bigquery.location = warehouse.settings.location
        return bigframes.pandas.read_gbq(warehouse.table_id(table), columns=list(columns))
    return _laptop_session().read_pandas(warehouse.read_table(table, columns).to_pandas())


@cache
def _laptop_session():
    """Return one session for the process: frames of two sessions can't be joined."""
    from bigframes.testing.polars_session import TestSession

    return TestSession()
