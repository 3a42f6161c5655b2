"""Say for each construct that the emulator translates wrongly which macro of `macros.sql` means it.

A rule takes a node of GoogleSQL and returns what stands in its place, or nothing where it is right as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from bqemulator.domain.errors import InvalidQueryError
from bqemulator.sql.rules import TranslationRule
from sqlglot import exp

from pbm360.local.bigquery.corrections import json_documents

WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
UNIT_MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}

CAST_NAMES = {
    exp.DType.BIGINT: "int64",
    exp.DType.INT: "int64",
    exp.DType.DECIMAL: "numeric",
    exp.DType.BOOLEAN: "bool",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMPTZ: "timestamp",
    exp.DType.TEXT: "string",
}


def _call(name: str, *arguments) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])


def _first_weekday(unit: exp.Expression | None) -> int | None:
    """Return the weekday on which a week unit begins (0 = Sunday); `None` where the unit is no week."""
    if isinstance(unit, exp.WeekStart):
        return WEEKDAYS.index(unit.name.upper())
    return {"WEEK": 0, "ISOWEEK": 1}.get(unit.name.upper() if unit is not None else "")


def _timestamp_diff(node: exp.TimestampDiff) -> exp.Expression | None:
    microseconds = UNIT_MICROSECONDS.get(node.args["unit"].name.upper())
    return _call("pbm_timestamp_diff", node.this, node.expression, microseconds) if microseconds else None


def _date_diff(node: exp.DateDiff) -> exp.Expression | None:
    first = _first_weekday(node.args.get("unit"))
    return _call("pbm_week_diff", node.this, node.expression, first) if first is not None else None


def _date_trunc(node: exp.DateTrunc) -> exp.Expression | None:
    first = _first_weekday(node.args.get("unit"))
    if first is not None:
        return _call("pbm_week_start", node.this, first)
    # an element of `generate_date_array` is a timestamp to DuckDB, and so would its month be
    return exp.Cast(this=node.copy(), to=exp.DataType.build("date", dialect="bigquery"))


def _datetime_trunc(node: exp.DatetimeTrunc) -> exp.Expression | None:
    first = _first_weekday(node.args.get("unit"))
    return _call("pbm_datetime_week_start", node.this, first) if first is not None else None


def _timestamp_trunc(node: exp.TimestampTrunc) -> exp.Expression | None:
    first = _first_weekday(node.args.get("unit"))
    if first is None:
        return None
    return _call("pbm_timestamp_week_start", node.this, first, node.args.get("zone") or "UTC")


def _item(node: exp.Bracket) -> exp.Expression | None:
    offset = node.args.get("offset")
    if offset is None or len(node.expressions) != 1:
        return None
    position = node.expressions[0] if offset == 0 else exp.Paren(this=node.expressions[0] - offset)
    return _call("pbm_safe_item" if node.args.get("safe") else "pbm_item", node.this, position)


def _division(node: exp.IntDiv) -> exp.Expression:
    return _call("pbm_div", node.this, node.expression)


def _remainder(node: exp.Mod) -> exp.Expression:
    return _call("pbm_mod", node.this.unnest(), node.expression.unnest())


def _cast(node: exp.Cast) -> exp.Expression | None:
    kind = node.to
    manner = "try" if isinstance(node, exp.TryCast) else "to"
    if kind.expressions:
        return None
    name = CAST_NAMES.get(kind.this)
    if name is None:
        return None
    # the cast around it tells the emulator the type
    return exp.Cast(this=_call(f"pbm_{manner}_{name}", node.this), to=kind.copy())


class NumericCast(TranslationRule):
    """Give a cast to `numeric` its precision in DuckDB's words: GoogleSQL has none to write there."""

    name = "NUMERIC_CAST"

    def applies_to(self, node: exp.Expression) -> bool:
        """Match the type of a cast that is DuckDB's default decimal."""
        if not isinstance(node, exp.DataType) or node.this != exp.DType.DECIMAL:
            return False
        return isinstance(node.parent, exp.Cast) and [part.name for part in node.expressions] in ([], ["18", "3"])

    def rewrite(self, node: exp.Expression) -> exp.Expression:
        """Return decimal(38, 9)."""
        return _numeric()


def _safe(node: exp.SafeFunc) -> exp.Expression | None:
    """Turn `safe.` before one of our casts into its safe form: DuckDB's TRY takes no function that raises."""
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name.startswith("pbm_to_"):
        return exp.Anonymous(this=inner.name.replace("pbm_to_", "pbm_try_"), expressions=inner.expressions)
    return None


def _timestamp(node: exp.Timestamp) -> exp.Expression | None:
    return _call("pbm_to_timestamp", node.this) if node.this is not None and not node.args.get("zone") else None


def _lossy_text(node: exp.SafeConvertBytesToString) -> exp.Expression:
    return _call("pbm_lossy_text", node.this)


def _type(node: exp.DataType) -> exp.Expression | None:
    """Give `numeric` its precision: DuckDB's own default is decimal(18, 3)."""
    if node.this != exp.DType.DECIMAL or node.expressions or isinstance(node.parent, exp.Cast):
        return None
    return _numeric()


def _numeric() -> exp.DataType:
    digits = [exp.DataTypeParam(this=exp.Literal.number(number)) for number in (38, 9)]
    return exp.DataType(this=exp.DType.DECIMAL, expressions=digits)


def _change(node: exp.Update | exp.Delete) -> None:
    """Refuse a change of all rows that does not say so."""
    if node.args.get("where") is None and node.find_ancestor(exp.Merge) is None:
        raise InvalidQueryError(f"{node.key.upper()} must have a WHERE clause", location="query")


def _bytes(node: exp.ByteString) -> exp.Expression:
    # the token keeps the literal's escapes as written
    return _call("pbm_bytes", node.name.encode().decode("unicode_escape").encode("latin-1").hex())


def _struct(node: exp.Struct) -> exp.Expression | None:
    """Name the fields of `struct(a, b)` after its columns, unless it is compared, where position alone counts."""
    is_compared = isinstance(node.parent, (exp.Predicate, exp.Tuple)) or node.find_ancestor(exp.In) is not None
    parts = node.expressions
    if is_compared or not any(isinstance(part, exp.Column) for part in parts):
        return None
    if not all(isinstance(part, (exp.Column, exp.PropertyEQ)) for part in parts):
        return None
    named = [
        exp.PropertyEQ(this=exp.to_identifier(part.name), expression=part) if isinstance(part, exp.Column) else part
        for part in parts
    ]
    return exp.Struct(expressions=[part.copy() for part in named])


def _json_value(node: exp.JSONExtractScalar) -> exp.Expression | None:
    return None if _is_json(node.this) else _json_call(json_documents.VALUE, node)


def _json_query(node: exp.JSONExtract) -> exp.Expression | None:
    return None if _is_json(node.this) else _json_call(json_documents.QUERY, node)


def _json_call(name: str, node: exp.JSONExtract | exp.JSONExtractScalar) -> exp.Expression:
    path = _path(node)
    is_simple = isinstance(path, exp.Literal) and json_documents.SIMPLE_PATH.fullmatch(path.name)
    return _call(name if is_simple else f"{name}_at", node.this, path)


def _json_type(node: exp.JSONType) -> exp.Expression:
    parsed = node.this.this if isinstance(node.this, exp.SafeFunc) else None
    return _call("pbm_json_type", parsed.this if isinstance(parsed, exp.ParseJSON) else node.this)


def _is_json(document: exp.Expression) -> bool:
    return document.find(exp.ParseJSON, exp.JSON) is not None


def _path(node: exp.Expression) -> exp.Expression:
    path = node.expression
    return exp.Literal.string(path.sql(dialect="bigquery").strip("'\"")) if isinstance(path, exp.JSONPath) else path


RULES: dict[type, Callable] = {
    exp.TimestampDiff: _timestamp_diff,
    exp.DateDiff: _date_diff,
    exp.DatetimeDiff: _date_diff,
    exp.DateTrunc: _date_trunc,
    exp.DatetimeTrunc: _datetime_trunc,
    exp.TimestampTrunc: _timestamp_trunc,
    exp.Bracket: _item,
    exp.IntDiv: _division,
    exp.Mod: _remainder,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Update: _change,
    exp.Delete: _change,
    exp.SafeFunc: _safe,
    exp.Timestamp: _timestamp,
    exp.DataType: _type,
    exp.SafeConvertBytesToString: _lossy_text,
    exp.ByteString: _bytes,
    exp.Struct: _struct,
    exp.JSONExtractScalar: _json_value,
    exp.JSONExtract: _json_query,
    exp.JSONType: _json_type,
}
