"""Turn Python values and type names into those of Google's implementation, and back."""

from __future__ import annotations

import datetime
from decimal import Decimal

from zetasql.wasi._pb2.zetasql.public import type_pb2
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeProto
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

KINDS = {
    "STRING": type_pb2.TYPE_STRING,
    "BYTES": type_pb2.TYPE_BYTES,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "BOOL": type_pb2.TYPE_BOOL,
    "DATE": type_pb2.TYPE_DATE,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
}
NAMES = {kind: name for name, kind in KINDS.items()}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
EPOCH_DAY = EPOCH.date()
NUMERIC_PLACES = 9
NUMERIC_BYTES = 16


def write_type(proto: TypeProto, name: str) -> None:
    """Fill a type in by its name: one of `KINDS`, or `ARRAY<one of them>`."""
    if name.startswith("ARRAY<"):
        proto.type_kind = type_pb2.TYPE_ARRAY
        proto.array_type.element_type.type_kind = KINDS[name[len("ARRAY<") : -1]]
    else:
        proto.type_kind = KINDS[name]


def type_name(proto: TypeProto) -> str:
    """Return the name of a type of one value."""
    return NAMES[proto.type_kind]


def encode(value: object) -> ValueProto:
    """Return a value as the evaluator reads it; `None` is null, a list an array."""
    proto = ValueProto()
    if value is None:
        return proto
    if isinstance(value, bool):
        proto.bool_value = value
    elif isinstance(value, int):
        proto.int64_value = value
    elif isinstance(value, float):
        proto.double_value = value
    elif isinstance(value, str):
        proto.string_value = value
    elif isinstance(value, bytes):
        proto.bytes_value = value
    elif isinstance(value, Decimal):
        scaled = int(value.scaleb(NUMERIC_PLACES))
        proto.numeric_value = scaled.to_bytes(NUMERIC_BYTES, "little", signed=True)
    elif isinstance(value, datetime.datetime):
        proto.timestamp_value.FromDatetime(value)
    elif isinstance(value, datetime.date):
        proto.date_value = (value - EPOCH_DAY).days
    elif isinstance(value, list):
        proto.array_value.SetInParent()
        proto.array_value.element.extend(encode(item) for item in value)
    else:
        raise TypeError(f"no GoogleSQL value for {type(value).__name__} {value!r}")
    return proto


def decode(kind: int, proto: ValueProto) -> object:
    """Return a value of the evaluator as the warehouse's client returns it: aware datetimes, decimals, dates."""
    field = proto.WhichOneof("value")
    if field is None:
        return None
    value = getattr(proto, field)
    if kind == type_pb2.TYPE_TIMESTAMP:
        return EPOCH + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if kind == type_pb2.TYPE_DATE:
        return EPOCH_DAY + datetime.timedelta(days=value)
    if kind == type_pb2.TYPE_NUMERIC:
        return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-NUMERIC_PLACES)
    return value
