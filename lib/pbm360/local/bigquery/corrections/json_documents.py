"""Read JSON text as GoogleSQL does: numbers as they are written, the first of members of one name, strictly.

DuckDB writes numbers anew (1.50 as 1.5) and takes text that is no JSON (`{"a": 1,}`, NaN), so it may read plain
documents alone: flat objects and objects of such, written without escapes and unusual numbers. Python reads the
others, ten times slower and one at a time.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

import orjson

STRING = r'"(?:[^"\\\x00-\x1f{\[][^"\\\x00-\x1f]*)?"'  # one that begins like a container would be taken for one
NUMBER = r"(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.(?:0|[0-9]{0,3}[1-9]))"  # as DuckDB writes them
SCALAR = f"(?:{STRING}|{NUMBER}|true|false|null)"
NAME = r'"[^"\\\x00-\x1f]*"'
BLANK = r"[ \t\n\r]*"


def _object_of(value: str) -> str:
    """Write the pattern of an object whose values match a pattern."""
    member = f"{BLANK}{NAME}{BLANK}:{BLANK}{value}{BLANK}"
    return rf"\{{(?:{member}(?:,{member})*|{BLANK})\}}"


FLAT = _object_of(SCALAR)
PLAIN = f"{BLANK}{_object_of(f'(?:{SCALAR}|{FLAT})')}{BLANK}"
SIMPLE_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
VALUE, QUERY, TYPE = "pbm_json_value", "pbm_json_query", "pbm_json_type"
DOCUMENTS_KEPT, LONGEST_KEPT = 2048, 4096
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
create or replace macro pbm_json_value_of_text(text) as
    case left(text, 1)
        when '"' then json_extract_string(text, '$')
        when '{{' then null
        when '[' then null
        else text
    end;
create or replace macro pbm_json_value_of_query(kind, text) as
    case when kind > 0 and left(text, 1) = '"' then text[2:-2] else pbm_json_value_of_text(text) end;
-- the members that a structure names, read at once; of a document that Python reads each is JSON's text as a string
create or replace macro pbm_json_members(kind, document, structure) as
    case
        when kind > 0 then from_json(document, structure)
        else from_json(pbm_exact_json_members(document, structure), structure)
    end;
create or replace macro pbm_json_text(kind, part) as
    case when kind > 0 then cast(part as varchar) else json_extract_string(part, '$') end;
create or replace macro pbm_json_member_value(kind, members, name) as
    case
        when kind > 0 then pbm_json_scalar_of(kind, struct_extract(members, name))
        else pbm_json_value_of_text(struct_extract(members, name))
    end;
create or replace macro pbm_json_member_query(kind, members, name) as
    nullif(pbm_json_text(kind, struct_extract(members, name)), 'null');
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
create or replace macro pbm_exact_json_query(document, path) as
    nullif(list_extract(pbm_exact_json_queries(cast(document as varchar), [path]), 1), 'null');
create or replace macro pbm_json_type_of(kind, document) as
    case when kind > 0 then 'object' else pbm_exact_json_type(document) end;
create or replace macro pbm_json_type(document) as
    pbm_json_type_of(pbm_json_kind(cast(document as varchar)), cast(document as varchar));
"""


class Number(str):
    """A number as it is written."""


class Mark(str):
    """A bracket, comma or colon between the parts of a text that is being written."""


def create_macros(connection) -> None:
    """Create the functions and macros in the database of a DuckDB connection."""
    connection.create_function("pbm_exact_json_values", exact_values, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
    connection.create_function("pbm_exact_json_queries", exact_queries, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
    connection.create_function("pbm_exact_json_members", exact_members, ["VARCHAR", "VARCHAR"], "VARCHAR")
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


def exact_members(document: str, structure: str) -> str:
    """Return an object of the document's members that a structure names, each as the text of its JSON in a string."""
    names = _member_names(structure)
    texts = exact_queries(document, [f"$.{name}" for name in names])
    return orjson.dumps(dict(zip(names, texts, strict=True))).decode()


@lru_cache(maxsize=512)
def _member_names(structure: str) -> tuple[str, ...]:
    return tuple(json.loads(structure))


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


def _parse(document: str) -> object:
    """Return the parsed document, `None` where it is no JSON; it must not be changed."""
    return _parse_and_keep(document) if len(document) <= LONGEST_KEPT else _parse_anew(document)


def _parse_anew(document: str) -> object:
    try:
        orjson.loads(document)
        return json.loads(document, object_pairs_hook=_keep_first, parse_float=Number, parse_int=Number)
    except (orjson.JSONDecodeError, RecursionError):
        return None


_parse_and_keep = lru_cache(maxsize=DOCUMENTS_KEPT)(_parse_anew)


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
    """Write what was parsed as JSON text, without recursion: a document may be nested deeper than a stack."""
    pieces: list[str] = []
    waiting: list[object] = [part]
    while waiting:
        item = waiting.pop()
        if type(item) in (Number, Mark):
            pieces.append(str(item))
        elif type(item) is dict:
            waiting.append(Mark("}"))
            for place, (name, value) in enumerate(item.items()):  # parsed last first, so that the first counts
                waiting += (Mark(","), value) if place else (value,)
                waiting += (Mark(":"), name)
            waiting.append(Mark("{"))
        elif type(item) is list:
            waiting.append(Mark("]"))
            for place, value in enumerate(reversed(item)):
                waiting += (Mark(","), value) if place else (value,)
            waiting.append(Mark("["))
        else:
            pieces.append(json.dumps(item, ensure_ascii=False))
    return "".join(pieces)
