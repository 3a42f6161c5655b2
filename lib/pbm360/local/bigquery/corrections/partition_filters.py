"""Refuse to read a table that requires a partition filter without one.

Fault: `require_partition_filter` is accepted and ignored, so that a query which BigQuery refuses passes here.
"""

from __future__ import annotations

import sqlglot
from bqemulator.domain.errors import InvalidQueryError
from sqlglot import exp

PREDICATES = (exp.Where, exp.Join, exp.Merge, exp.Qualify)


def refuse_missing_filters(bq_sql: str, project_id: str, ctx) -> None:
    """Raise `InvalidQueryError` where a table's required partition column appears in no predicate of the statement.

    A filter on a subquery over the table counts, as BigQuery pushes it down. Tables behind a view are not checked.
    """
    if not any(_required_column(table) for table in ctx.catalog._cache._tables.values()):
        return
    try:
        trees = [tree for tree in sqlglot.parse(bq_sql, read="bigquery") if tree is not None]
    except sqlglot.errors.SqlglotError:
        return  # the translation refuses it with its own words
    for tree in trees:
        filtered = {column.name.lower() for part in tree.find_all(*PREDICATES) for column in part.find_all(exp.Column)}
        for name, column in _required_columns(tree, project_id, ctx):
            if column.lower() not in filtered:
                raise InvalidQueryError(
                    f"Cannot query over table '{name}' without a filter over column(s) '{column}' that can be used "
                    "for partition elimination",
                    location="query",
                )


def _required_columns(tree: exp.Expression, project_id: str, ctx):
    written = tree.this if isinstance(tree, (exp.Insert, exp.Create, exp.Drop, exp.Alter)) else None
    targets = set(map(id, written.find_all(exp.Table))) if written is not None else set()
    for table in tree.find_all(exp.Table):
        meta = ctx.catalog.get_table(table.catalog or project_id, table.db, table.name)
        column = _required_column(meta) if meta is not None and id(table) not in targets else None
        if column and not table.find_ancestor(exp.LikeProperty):
            yield f"{table.db}.{table.name}", column


def _required_column(meta) -> str | None:
    partitioning = meta.time_partitioning
    return partitioning.field if partitioning is not None and partitioning.require_partition_filter else None
