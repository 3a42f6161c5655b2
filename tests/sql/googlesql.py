"""Ask Google's own implementation of GoogleSQL: its analyzer, and its reference evaluator over rows given here.

It is WebAssembly from PyPI (zetasql), so nothing leaves the machine. The machine code that wasmtime makes of it is kept
under `.pbm360/`: the first start takes half a minute and more, the next ones a second.
"""

from __future__ import annotations

import ctypes
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from google.protobuf.message import Message
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.core.exceptions import ServerError
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto.options_pb2 import AnalyzerOptionsProto, LanguageOptionsProto
from zetasql.wasi._pb2.zetasql.public import options_pb2, type_pb2
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

CACHE = Path(__file__).parents[2] / ".pbm360" / "wasmtime-cache"
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
# Released in the library and not in BigQuery, whose timestamps end with microseconds.
NOT_IN_BIGQUERY = (options_pb2.FEATURE_TIMESTAMP_NANOS, options_pb2.FEATURE_TIMESTAMP_PICOS)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
NUMERIC_SCALE = 10**9
INSTANCE_FIELD = "resolved_{kind}"

Columns = Mapping[str, str]  # name -> type, e.g. {"order_id": "STRING"}
Rows = Sequence[Mapping[str, object]]


class GoogleSqlError(AssertionError):
    """Google's implementation refuses a statement; the text is its own, with line and column."""


@dataclass(frozen=True)
class Catalog:
    """What a statement may name: tables by `dataset.table` (or `table`), functions by their output's columns."""

    tables: dict[str, Columns] = field(default_factory=dict)
    functions: dict[str, tuple[Columns, Columns]] = field(default_factory=dict)  # name -> (arguments, columns)


class CachedClient(WasmClient):
    """The client with wasmtime's compile cache, and with memory copied in one go."""

    def __init__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        settings = CACHE / "wasmtime.toml"
        settings.write_text(f'[cache]\ndirectory = "{CACHE}"\n')
        wasi = WasiConfig()
        wasi.inherit_stderr()
        wasi.preopen_dir(get_tzinfo_dir(), "/usr/share/zoneinfo")
        config = Config()
        config.shared_memory = True
        config.cache = str(settings)
        engine = Engine(config)
        self.store = Store(engine)
        self.store.set_wasi(wasi)
        self.module = Module.from_file(engine, get_wasm_path())
        linker = Linker(engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + ptr, size)
