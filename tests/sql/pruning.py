"""What a statement reads: which tables, which columns, and which predicates on their partitions BigQuery can act on.

BigQuery leaves partitions unread where a predicate compares the partition's column with constants and parameters. What
a join or a subquery says of it comes too late.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from pbm360.warehouse import Warehouse
from tests.sql.catalog import split_statements

COMPARED = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
WIDTHS = {"INTEGER": 8, "FLOAT": 8, "TIMESTAMP": 8, "DATE": 8, "NUMERIC": 16, "BOOLEAN": 1}
SCOPES = (exp.Select, exp.Delete, exp.Update)


class Recording(Warehouse):
    """A warehouse that keeps what it runs: file, text, parameters."""

    def __init__(self, settings):
        super().__init__(settings)
        self.ran: list[tuple[str, str, Mapping]] = []
        self._file = ""

    def run(self, sql_file, parameters=None, *, staged=False):
        self._file = sql_file
        return super().run(sql_file, parameters, staged=staged)

    def query(self, sql, parameters=None):
        self.ran.append((self._file, sql, parameters or {}))
        return super().query(sql, parameters)


@dataclass(frozen=True)
class Read:
    """One mention of a table that a statement reads or changes rows of."""

    sql_file: str
    table: str  # layer.table
    scope: exp.Expression
    is_change: bool
    parameters: Mapping

    def columns(self, known: Iterable[str]) -> set[str]:
        """Return which of the table's columns the statement may read; a change rewrites whole rows."""
        if self.is_change or self.scope.find(exp.Star):
            return set(known)
        return {column.name for column in self.scope.root().find_all(exp.Column)} & set(known)

    def predicates(self, partition: str) -> list[exp.Expression]:
        """Return the predicates that prune: the partition's column against constants and parameters alone."""
        where = self.scope.args.get("where")
        parts = where.this.flatten() if where and isinstance(where.this, exp.And) else [where.this] if where else []
        return [part for part in parts if _prunes(part, partition)]

    def days(self, partition: str, calendar: list[datetime.date]) -> int:
        """Count the days of a calendar whose partitions the predicates leave to be read."""
        text = " and ".join(f"({_on_day(part)})" for part in self.predicates(partition))
        values = {name: value[1] if isinstance(value, tuple) else value for name, value in self.parameters.items()}
        used = {name: value for name, value in values.items() if f"${name}" in text}
        sql = f"select count(*) from (select unnest($calendar::date[]) as day) where {text or 'true'}"
        return duckdb.execute(sql, {**used, "calendar": calendar}).fetchone()[0]


def reads(sql_file: str, sql: str, parameters: Mapping) -> list[Read]:
    """Return what a file's statements read, in their order; the target of an insert is not read."""
    found = []
    for statement in split_statements(sql):
        tree = sqlglot.parse_one(statement, read="bigquery")
        for table in tree.find_all(exp.Table):
            layer, scope = table.db.removeprefix("pbm_"), table.find_ancestor(*SCOPES)
            is_target = table.find_ancestor(exp.Create, exp.Insert, *SCOPES) is not scope
            if table.db and scope is not None and not is_target:
                is_change = not isinstance(scope, exp.Select) and scope.this is table
                found.append(Read(sql_file, f"{layer}.{table.name}", scope, is_change, parameters))
    return found


def row_width(rows, columns: Iterable[Mapping]) -> dict[str, float]:
    """Return bytes by column as BigQuery counts them, from rows (Arrow); a text has two more than its letters."""
    return {
        column["name"]: WIDTHS.get(column["type"]) or _mean_length(rows[column["name"]].to_pylist())
        for column in columns
    }


def _mean_length(texts: list) -> float:
    return sum(len(text) + 2 for text in texts if text is not None) / max(len(texts), 1)


def _prunes(part: exp.Expression, partition: str) -> bool:
    if not isinstance(part, COMPARED) or not isinstance(part.this, exp.Column) or part.this.name != partition:
        return False
    others = [node for node in part.find_all(exp.Column, exp.Subquery, exp.Select) if node is not part.this]
    return not others


def _on_day(part: exp.Expression) -> str:
    copy = part.copy()
    copy.this.replace(exp.column("day"))
    return copy.sql(dialect="duckdb")
