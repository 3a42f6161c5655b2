"""Have a query that takes several members of one JSON text read each document once.

A select of one source reads the members together; one that joins leaves documents that only few rows need to Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sqlglot import exp

from pbm360.local.bigquery.corrections.json_documents import QUERY, TYPE, VALUE

KIND, TYPE_OF_KIND, EXACT_QUERY = "pbm_json_kind", "pbm_json_type_of", "pbm_exact_json_query"
MEMBER_PATH = re.compile(r"\$\.[A-Za-z_][A-Za-z0-9_]*")
RARELY_READ = 8  # calls for one document in the branch of a condition: each would prepare its own pattern, for few rows


def gather(tree: exp.Expression) -> bool:
    """Have selects that take several values out of one column of their one source read each document once."""
    changed = False
    for select in list(tree.find_all(exp.Select)):
        source = _single_source(select)
        if source is not None:
            for number, (column, calls) in enumerate(_calls_by_column(select).items()):
                _gather_column(select, source, column, calls, number)
                changed = True
        else:
            _leave_branches_to_python(select)
    return changed


def _leave_branches_to_python(select: exp.Select) -> None:
    """Have Python read the documents that only the branch of a condition takes many members of."""
    found: dict[str, list[exp.Anonymous]] = {}
    for call in _own_calls(select, QUERY):
        if isinstance(call.expressions[0], exp.Column) and _is_in_branch(call):
            found.setdefault(call.expressions[0].sql(), []).append(call)
    for calls in found.values():
        for call in calls if len(calls) >= RARELY_READ else ():
            call.set("this", EXACT_QUERY)


def _is_in_branch(call: exp.Expression) -> bool:
    """Say whether something is computed where a condition holds alone: below the `true` of an `if`."""
    while not isinstance(call, exp.Select):
        if isinstance(call.parent, exp.If) and call.arg_key == "true":
            return True
        call = call.parent
    return False


def _single_source(select: exp.Select) -> exp.Table | None:
    """Return the one table that a select reads; none where it joins, or passes on all columns."""
    source = select.args.get("from_")
    is_single = source is not None and isinstance(source.this, exp.Table) and not select.args.get("joins")
    passes_all = any(item.is_star for item in select.expressions)
    return source.this if is_single and not passes_all and not select.args.get("laterals") else None


def _calls_by_column(select: exp.Select) -> dict[str, list[exp.Anonymous]]:
    found: dict[str, list[exp.Anonymous]] = {}
    for call in _own_calls(select, VALUE, QUERY):
        document, path = call.expressions
        if isinstance(document, exp.Column) and isinstance(path, exp.Literal) and MEMBER_PATH.fullmatch(path.name):
            found.setdefault(document.name, []).append(call)
    return {column: calls for column, calls in found.items() if _are_told_apart(calls)}


def _are_told_apart(calls: list[exp.Anonymous]) -> bool:
    """Say whether the members differ in more than case, which the fields of DuckDB's structs don't tell apart."""
    names = {_member(call) for call in calls}
    return len({name.lower() for name in names}) == len(names)


def _own_calls(select: exp.Select, *names: str) -> Iterator[exp.Anonymous]:
    for item in select.expressions:
        for call in item.find_all(exp.Anonymous):
            if call.name in names and call.find_ancestor(exp.Select) is select:
                yield call


def _member(call: exp.Anonymous) -> str:
    return call.expressions[1].name.removeprefix("$.")


def _gather_column(select: exp.Select, source: exp.Table, column: str, calls: list, number: int) -> None:
    kind, members = f"__json_{number}_kind", f"__json_{number}_members"
    queried = {_member(call) for call in calls if call.name == QUERY}
    structure = json.dumps({_member(call): "JSON" if _member(call) in queried else "VARCHAR" for call in calls})
    for call in calls:
        call.replace(_taken(call, kind, members, queried))
    for call in list(_own_calls(select, TYPE)):
        if isinstance(call.expressions[0], exp.Column) and call.expressions[0].name == column:
            call.replace(_call(TYPE_OF_KIND, exp.column(kind), exp.column(column)))
    source = select.args["from_"].this
    inner = exp.select("*", exp.alias_(_call(KIND, exp.column(column)), kind)).from_(source.copy())
    where = select.args.get("where")
    if where is not None:
        inner.set("where", where.copy())
        select.set("where", None)
    read = _call("pbm_json_members", exp.column(kind), exp.column(column), exp.Literal.string(structure))
    outer = exp.select("*", exp.alias_(read, members)).from_(inner.subquery("kinds"))
    source.replace(outer.subquery(source.alias_or_name))


def _taken(call: exp.Anonymous, kind: str, members: str, queried: set[str]) -> exp.Expression:
    """Return what a call means, given the members that were read: no container is a value, JSON's null is no part."""
    arguments = exp.column(kind), exp.column(members), exp.Literal.string(_member(call))
    if _member(call) not in queried:
        return _call("pbm_json_member_value", *arguments)
    part = _call("pbm_json_member_query", *arguments)
    return part if call.name == QUERY else _call("pbm_json_value_of_query", exp.column(kind), part)


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))
