"""Run the same on the local engine and in Google's evaluator, and hold the rows of one against those of the other."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pbm360.warehouse import Warehouse
from tests.sql.catalog import Catalog
from tests.sql.reference_warehouse import ReferenceWarehouse

# What the clock or the order of rows decides: not for the engines to agree on.
UNDECIDED = {
    "pbm_ops.batch_runs": {"finished_at"},
    "pbm_ops.reconciliation": {"reconciled_at"},
    "pbm_ops.quality_results": {"checked_at", "checked_date", "example"},
    "pbm_vault.patient_keys": {"created_at"},
    "dashboards/freshness.sql": {"batch_published_at"},
    "dashboards/reporting_mark.sql": {"batch_published_at"},
}


@dataclass
class Engines:
    """The two warehouses, and the SQL files that both have run."""

    local: Warehouse
    google: ReferenceWarehouse
    catalog: Catalog
    compared: set[str] = field(default_factory=set)

    def unequal_rows(self, sql_file: str, parameters: Mapping | None = None, *, staged: bool = False) -> list[str]:
        """Run a file of one query on both and return the rows that only one of them has."""
        self.compared.add(sql_file)
        found = [engine.run(sql_file, parameters, staged=staged).to_pylist() for engine in (self.local, self.google)]
        left_out = UNDECIDED.get(sql_file, set())
        return unequal(*[[without(row, left_out) for row in rows] for rows in found])

    def unequal_query(self, sql: str, parameters: Mapping | None = None) -> list[str]:
        """Run a query on both and return the rows that only one of them has."""
        local = self.local.query(sql, parameters).to_pylist()
        return unequal(local, self.google.query(sql, parameters).to_pylist())

    def change_both(self, sql_file: str, parameters: Mapping) -> None:
        """Run a file that changes tables on both."""
        self.compared.add(sql_file)
        self.local.run(sql_file, parameters)
        self.google.run(sql_file, parameters)

    def unequal_tables(self, names: Iterable[str] = ()) -> dict[str, list[str]]:
        """Compare tables (every table and view of the catalog); return the rows that only one side has, by table."""
        found = {}
        for name in names or sorted(self.catalog.tables):
            left_out = UNDECIDED.get(name, set())
            rows = [
                [without(row, left_out) for row in table.to_pylist()]
                for table in (self.local.query(ALL_ROWS[name]), self.google.query(ALL_ROWS[name]))
            ]
            found[name] = unequal(*rows)
        return {name: rows for name, rows in found.items() if rows}


class _AllRows(dict):
    """`select *` by table; bronze wants its partition named."""

    def __missing__(self, name: str) -> str:
        where = " where known_date >= '2000-01-01'" if name == "pbm_bronze.raw_orders" else ""
        return f"select * from {name}{where}"


ALL_ROWS = _AllRows()


def unequal(local: list[dict], google: list[dict]) -> list[str]:
    """Return what only one side has, each row with its side; rows count as often as they occur."""
    ours, theirs = sorted(map(as_text, local)), sorted(map(as_text, google))
    left = list(theirs)
    only_local = []
    for row in ours:
        if row in left:
            left.remove(row)
        else:
            only_local.append(row)
    return [f"local: {row}" for row in only_local] + [f"google: {row}" for row in left]


def without(row: Mapping, columns: set[str]) -> dict:
    """Return a row without some columns."""
    return {name: value for name, value in row.items() if name not in columns}


def as_text(row: Mapping) -> str:
    """Write a row as text in which equal values are written alike."""
    return str({name: _plain(value) for name, value in row.items()})


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"decimal {value.normalize() + 0:f}"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    return value
