"""Bind query parameters and script variables by name and with their declared type.

Faults: parameters are replaced inside string literals too; BYTES arrive as base64 text; an empty array has no type;
a script does not see the job's parameters at all.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, NamedTuple

import sqlglot
from bqemulator.domain.errors import InvalidQueryError
from bqemulator.sql import parameters
from sqlglot import exp

from pbm360.local.bigquery.patching import replace_everywhere

REMEMBERED_STATEMENTS = 500
DUCKDB_TYPES = parameters._BQ_SCALAR_TO_DUCKDB


class BoundValue(NamedTuple):
    """A value and the DuckDB type that it is cast to (`None`: as DuckDB infers it)."""

    value: Any
    duckdb_type: str | None


def install() -> None:
    """Register the binder."""
    parameters._SCALAR_CONVERTERS["BYTES"] = base64.b64decode
    replace_everywhere(parameters.bind_parameters, bind_parameters)


def bind_parameters(sql: str, query_parameters: list[dict] | None = None) -> tuple[str, Any]:
    """Return DuckDB SQL and the values that go with it, for the parameters of a request."""
    if query_parameters and not query_parameters[0].get("name"):
        return parameters._bind_positional(sql, query_parameters)
    return bind_values(sql, requested_values(query_parameters))


def requested_values(query_parameters: list[dict] | None) -> dict[str, BoundValue]:
    """Read the named parameters of a request, by lower-case name."""
    return {
        item["name"].lower(): BoundValue(parameters._extract_value(item), _requested_type(item["parameterType"]))
        for item in query_parameters or []
    }


def bind_values(sql: str, values: dict[str, BoundValue]) -> tuple[str, dict[str, Any]]:
    """Cast every `$name` in DuckDB SQL to its type; returns the SQL and the values used.

    Raises `InvalidQueryError` for a name without a value.
    """
    if "$" not in sql and "@" not in sql:
        return sql, {}
    text, names = _put_casts(sql, tuple((name, value.duckdb_type) for name, value in values.items()))
    return text, {name: values[name].value for name in names}


@lru_cache(REMEMBERED_STATEMENTS)
def _put_casts(sql: str, types: tuple[tuple[str, str | None], ...]) -> tuple[str, tuple[str, ...]]:
    """Return the SQL with its parameters cast to their types, and the names that it uses. Texts come again."""
    tree, known = sqlglot.parse_one(sql, read="duckdb"), dict(types)
    used: dict[str, None] = {}
    for node in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        name = node.name.lower()
        if name not in known:
            raise InvalidQueryError(f"Query parameter '{node.name}' not found", location="query")
        used[name] = None
        _put_cast(node, name, known[name])
    return (tree.sql(dialect="duckdb") if used else sql), tuple(used)


def _put_cast(node: exp.Expression, name: str, duckdb_type: str | None) -> None:
    marker = exp.Placeholder(this=name)
    if duckdb_type is not None:
        marker = exp.Cast(this=marker, to=exp.DataType.build(duckdb_type, dialect="duckdb"))
    node.replace(marker)


def _requested_type(kind: dict) -> str | None:
    if kind["type"].upper() == "ARRAY":
        element = _requested_type(kind["arrayType"])
        return f"{element}[]" if element else None
    return DUCKDB_TYPES.get(kind["type"].upper())


def declared_type(text: str) -> str | None:
    """Turn a type of a `declare` into DuckDB's; `None` where it is not a scalar or an array of scalars.

    >>> declared_type("array<date>")
    'DATE[]'
    """
    bare = text.strip().upper()
    if bare.startswith("ARRAY<") and bare.endswith(">"):
        element = declared_type(bare[len("ARRAY<") : -1])
        return f"{element}[]" if element else None
    return DUCKDB_TYPES.get(bare.split("(")[0].strip())
