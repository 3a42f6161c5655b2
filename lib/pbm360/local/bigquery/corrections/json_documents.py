"""Read JSON text as GoogleSQL does: numbers as they are written, the first of members of one name, strictly.

DuckDB writes numbers anew (1.50 as 1.5) and takes text that is no JSON (`{"a": 1,}`, NaN), so it may read plain
documents alone: flat objects and objects of such, written without blanks, escapes and unusual numbers. Python reads
the others. A query that takes several values out of one column has each document read once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import orjson
from sqlglot import exp

STRING = r'"(?:[^"\\\x00-\x1f{\[][^"\\\x00-\x1f]*)?"'  # one that begins like a container would be taken for one
NUMBER = r"(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.(?:0|[0-9]{0,3}[1-9]))"  # as DuckDB writes them
SCALAR = f"(?:{STRING}|{NUMBER}|true|false|null)"
NAME = r'"[^"\\\x00-\x1f]*"'
FLAT = rf"\{{(?:{NAME}:{SCALAR}(?:,{NAME}:{SCALAR})*)?\}}"
PLAIN = rf"\{{(?:{NAME}:(?:{SCALAR}|{FLAT})(?:,{NAME}:(?:{SCALAR}|{FLAT}))*)?\}}"
SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
VALUE, QUERY = "pbm_json_value", "pbm_json_query"
GATHERED = {VALUE: "pbm_json_values", QUERY: "pbm_json_queries"}
KIND = "pbm_json_kind"
MACROS = f"""
-- 2: an object with objects in it, 1: a flat object, both plain; 0: Python reads it.
create or replace macro pbm_json_kind(document) as
    case
        when regexp_full_match(document, $${PLAIN}$$) then if(contains(substr(document, 2), '{{'), 2, 1)
        else 0
    end;
create or replace macro pbm_json_values(kind, document, paths) as
    case when kind > 0 then json_extract_string(document, paths) else pbm_exact_json_values(document, paths) end;
create or replace macro pbm_json_queries(kind, document, paths) as
    case
        when kind > 0 then cast(json_extract(document, paths) as varchar[])
        else pbm_exact_json_queries(document, paths)
    end;
create or replace macro pbm_json_scalar_of(kind, text) as
    case when kind = 2 and left(text, 1) = '{{' then null else text end;
create or replace macro pbm_json_value_of(kind, document, path) as
    pbm_json_scalar_of(kind, list_extract(pbm_json_values(kind, document, [path]), 1));
create or replace macro pbm_json_value(document, path) as
    pbm_json_value_of(pbm_json_kind(cast(document as varchar)), cast(document as varchar), path);
create or replace macro pbm_json_query(document, path) as
    nullif(
        list_extract(
            pbm_json_queries(pbm_json_kind(cast(document as varchar)), cast(document as varchar), [path]), 1
        ),
        'null'
    );
create or replace macro pbm_json_type(document) as
    case
        when pbm_json_kind(cast(document as varchar)) > 0 then 'object'
        else pbm_exact_json_type(cast(document as varchar))
    end;
"""


class Number(str):
    """A number as it is written."""


def create_macros(connection) -> None:
    """Create the functions and macros in the database of a DuckDB connection."""
    connection.create_function("pbm_exact_json_values", exact_values, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
    connection.create_function("pbm_exact_json_queries", exact_queries, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
    connection.create_function("pbm_exact_json_type", exact_type, ["VARCHAR"], "VARCHAR", null_handling="special")
    connection.execute(MACROS)


def exact_values(document: str, paths: list[str]) -> list[str | None]:
    """Return the scalar at each path as text; null where there is none, or the document is no JSON."""
    tree = _parse(document)
    return [_scalar_text(_at(tree, path)) for path in paths]


def exact_queries(document: str, paths: list[str]) -> list[str | None]:
    """Return what is at each path as JSON text; null where there is nothing or null, or the document is no JSON."""
    tree = _parse(document)
    found = [_at(tree, path) for path in paths]
    return [None if part is None else _written(part) for part in found]


def exact_type(document: str | None) -> str | None:
    """Return the document's JSON type; null where it is no JSON."""
    try:
        tree = orjson.loads(document) if document is not None else ...
    except orjson.JSONDecodeError:
        return None
    if tree is ... or tree is None:
        return "null" if tree is None else None
    names = {dict: "object", list: "array", str: "string", bool: "boolean"}
    return names.get(type(tree), "number")


def gather(tree: exp.Expression) -> bool:
    """Have selects that take several values out of one column of their one source read each document once."""
    changed = False
    for select in list(tree.find_all(exp.Select)):
        source = _single_source(select)
        if source is not None:
            for number, (column, calls) in enumerate(_calls_by_column(select).items()):
                _gather_column(select, source, column, calls, number)
                changed = True
    return changed


def _single_source(select: exp.Select) -> exp.Table | None:
    """Return the one table that a select reads; none where it joins, or passes on all columns."""
    source = select.args.get("from_")
    is_single = source is not None and isinstance(source.this, exp.Table) and not select.args.get("joins")
    passes_all = any(item.is_star for item in select.expressions)
    return source.this if is_single and not passes_all and not select.args.get("laterals") else None


def _calls_by_column(select: exp.Select) -> dict[str, list[exp.Anonymous]]:
    found: dict[str, list[exp.Anonymous]] = {}
    for call in _own_calls(select):
        document, path = call.expressions
        if isinstance(document, exp.Column) and isinstance(path, exp.Literal):
            found.setdefault(document.name, []).append(call)
    return found


def _own_calls(select: exp.Select) -> Iterator[exp.Anonymous]:
    for item in select.expressions:
        for call in item.find_all(exp.Anonymous):
            if call.name in GATHERED and call.find_ancestor(exp.Select) is select:
                yield call


def _gather_column(select: exp.Select, source: exp.Table, column: str, calls: list, number: int) -> None:
    kind, lists = f"__json_{number}_kind", []
    for called, function in GATHERED.items():
        own = [call for call in calls if call.name == called]
        paths = list(dict.fromkeys(call.expressions[1].name for call in own))
        if own:
            name = f"__json_{number}_{called.rpartition('_')[2]}"
            texts = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
            lists.append(exp.alias_(_call(function, exp.column(kind), exp.column(column), texts), name))
            for call in own:
                place = exp.Literal.number(paths.index(call.expressions[1].name) + 1)
                call.replace(
                    _taken(called, kind, call.expressions[1].name, _call("list_extract", exp.column(name), place))
                )
    source = select.args["from_"].this
    inner = exp.select("*", exp.alias_(_call(KIND, exp.column(column)), kind)).from_(source.copy())
    where = select.args.get("where")
    if where is not None:
        inner.set("where", where.copy())
        select.set("where", None)
    source.replace(exp.select("*", *lists).from_(inner.subquery("kinds")).subquery(source.alias_or_name))


def _taken(called: str, kind: str, path: str, item: exp.Expression) -> exp.Expression:
    """Return what a call means, given its item of the list: no container is a value, JSON's null is no part."""
    if called == QUERY:
        return exp.Nullif(this=item, expression=exp.Literal.string("null"))
    is_deep = path.count(".") > 1  # in a plain document there is no container so deep
    return item if is_deep else _call("pbm_json_scalar_of", exp.column(kind), item)


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _parse(document: str) -> object:
    """Return the parsed document, `None` where it is no JSON."""
    try:
        orjson.loads(document)
        return json.loads(document, object_pairs_hook=_keep_first, parse_float=Number, parse_int=Number)
    except (orjson.JSONDecodeError, RecursionError):
        return None


def _keep_first(members: list[tuple[str, object]]) -> dict:
    return dict(reversed(members))


def _at(tree: object, path: str) -> object:
    for name in path.split(".")[1:]:
        tree = tree.get(name) if type(tree) is dict else None
    return tree


def _scalar_text(part: object) -> str | None:
    if type(part) is bool:
        return "true" if part else "false"
    return None if part is None or type(part) in (dict, list) else str(part)


def _written(part: object) -> str:
    if type(part) is Number:
        return str(part)
    if type(part) is dict:
        members = (f"{_written(name)}:{_written(value)}" for name, value in reversed(part.items()))
        return "{" + ",".join(members) + "}"
    if type(part) is list:
        return "[" + ",".join(map(_written, part)) + "]"
    return json.dumps(part, ensure_ascii=False)
