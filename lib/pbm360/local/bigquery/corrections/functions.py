"""Refuse functions that GoogleSQL does not have, though DuckDB does.

Fault: a name that the emulator does not know is passed on, so that `list_value(1)` or `epoch(t)` answers here and
fails on BigQuery.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bqemulator.domain.errors import InvalidQueryError
from sqlglot import exp

NAMES = Path(__file__).with_name("googlesql_functions.txt")
OWN_PREFIXES = ("pbm_", "bqemu_", "script_variable_")  # what the corrections and the emulator put in themselves


@cache
def googlesql_functions() -> frozenset[str]:
    """Return the names of GoogleSQL's functions, in lower case."""
    return frozenset(NAMES.read_text().split())


def refuse_unknown_functions(tree: exp.Expression) -> None:
    """Raise `InvalidQueryError` for a call of a function that is neither GoogleSQL's nor a routine of a dataset."""
    for node in tree.find_all(exp.Func):
        name = node.name if isinstance(node, exp.Anonymous) else node.meta.get("name")
        if not name or _is_routine(node, name) or "(" in name:
            continue
        if name.lower() not in googlesql_functions() and not name.lower().startswith(OWN_PREFIXES):
            raise InvalidQueryError(f"Function not found: {name}", location="query")


def _is_routine(node: exp.Func, name: str) -> bool:
    """Tell whether the call names a routine of a dataset (`dataset.routine(...)`, also as a table)."""
    return "." in name or "__" in name or isinstance(node.parent, (exp.Dot, exp.Table))
