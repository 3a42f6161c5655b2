"""Ask Google's own implementation of GoogleSQL: its analyzer, and its reference evaluator over rows given here.

It is WebAssembly from PyPI (zetasql), so nothing leaves the machine. The machine code that wasmtime makes of it is kept
under `.pbm360/`: the first start takes a minute, the next ones a second.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig, WasmtimeError
from zetasql.core.exceptions import ServerError
from zetasql.core.wasm_client import WasmClient, get_tzinfo_dir
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto.options_pb2 import AnalyzerOptionsProto, LanguageOptionsProto
from zetasql.wasi._pb2.zetasql.proto.simple_catalog_pb2 import SimpleCatalogProto
from zetasql.wasi._pb2.zetasql.public import options_pb2
from zetasql.wasi._pb2.zetasql.public.function_pb2 import ARG_TYPE_FIXED, ARG_TYPE_RELATION, FunctionEnums
from zetasql.wasi._pb2.zetasql.public.simple_table_pb2 import SimpleTableProto

from tests.sql.values import KINDS, decode, encode, type_name, write_type

CACHE = Path(__file__).parents[2] / ".pbm360" / "wasmtime-cache"
# Released in the library and not in BigQuery, whose timestamps end with microseconds.
NOT_IN_BIGQUERY = (options_pb2.FEATURE_TIMESTAMP_NANOS, options_pb2.FEATURE_TIMESTAMP_PICOS)
KEY = "row_number_"  # names the rows of a table that a statement changes
OPERATIONS = service.EvaluateModifyResponse.Row

Columns = Mapping[str, str]  # name -> type, e.g. {"order_id": "STRING"}
Rows = Sequence[Mapping[str, object]]


class GoogleSqlError(AssertionError):
    """Google's implementation refuses a statement, or cannot run it; the text is its own."""


class GoogleSql:
    """Google's analyzer and reference evaluator. Tables are named `name` or `dataset.name`."""

    def __init__(self):
        self._client = CachedClient()
        self._language = self._call("GetLanguageOptions", service.LanguageOptionsRequest(maximum_features=True))
        self._language.product_mode = options_pb2.PRODUCT_EXTERNAL
        self._language.ClearField("supported_statement_kinds")  # none named: all are
        kept = [feature for feature in self._language.enabled_language_features if feature not in NOT_IN_BIGQUERY]
        self._language.enabled_language_features[:] = [*kept, options_pb2.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS]

    def register(
        self,
        tables: Mapping[str, Columns],
        functions: Mapping[str, tuple[Columns, Columns]],
        extend: Callable[[SimpleCatalogProto], None] = lambda catalog: None,
    ) -> int:
        """Keep a catalog for `analyze` and return its number; a function is (arguments, columns of its rows)."""
        catalog = self._catalog({name: columns for name, columns in tables.items() if "." not in name})
        for dataset in sorted({name.partition(".")[0] for name in [*tables, *functions] if "." in name}):
            inner = catalog.catalog.add(name=dataset)
            for name, columns in tables.items():
                if name.startswith(f"{dataset}."):
                    _add_table(inner, name.partition(".")[2], columns)
            for name, signature in functions.items():
                if name.startswith(f"{dataset}."):
                    _add_function(inner, name.partition(".")[2], *signature)
        extend(catalog)
        return self._call("RegisterCatalog", service.RegisterCatalogRequest(simple_catalog=catalog)).registered_id

    def forget(self, catalog_number: int) -> None:
        """Drop a catalog."""
        self._call("UnregisterCatalog", service.UnregisterRequest(registered_id=catalog_number))

    def analyze(self, sql: str, catalog_number: int, parameters: Columns) -> dict[str, str]:
        """Return the columns that a statement yields or defines; `GoogleSqlError` where Google refuses it."""
        request = service.AnalyzeRequest(sql_statement=sql, registered_catalog_id=catalog_number)
        request.options.CopyFrom(self._options(parameters))
        return _columns_of(self._call("Analyze", request).resolved_statement)

    def query(
        self, sql: str, tables: Mapping[str, tuple[Columns, Rows]], parameters: Mapping[str, tuple[str, object]]
    ) -> tuple[dict[str, str], list[dict]]:
        """Evaluate a query over tables of (columns, rows), all in one dataset; return its columns and its rows.

        Parameters are (type, value).
        """
        request = service.EvaluateQueryRequest(sql=sql)
        self._fill(request, tables, parameters)
        answer = self._call("EvaluateQuery", request)
        columns = {column.name: type_name(column.type) for column in answer.prepared.columns}
        kinds = [column.type.type_kind for column in answer.prepared.columns]
        return columns, [
            dict(zip(columns, map(decode, kinds, row.cell), strict=True)) for row in answer.content.table_data.row
        ]

    def modify(
        self,
        sql: str,
        target: str,
        tables: Mapping[str, tuple[Columns, Rows]],
        parameters: Mapping[str, tuple[str, object]],
    ) -> list[dict]:
        """Evaluate an insert, a delete or an update of the table `target`; return its rows as they are afterwards."""
        columns, rows = tables[target]
        is_insert = sql.lstrip().startswith("insert")
        request = service.EvaluateModifyRequest(sql=sql)
        if not is_insert:  # an insert names no key, and `insert into t select *` bears no other column
            numbered = [{KEY: number, **row} for number, row in enumerate(rows)]
            tables = {**tables, target: ({KEY: "INT64", **columns}, numbered)}
        self._fill(request, tables, parameters)
        changed = dict(enumerate(dict(row) for row in rows))
        for row in self._call("EvaluateModify", request).content:
            values = dict(zip(columns, row.cell[0 if is_insert else 1 :], strict=False))
            new = {name: decode(KINDS[columns[name]], cell) for name, cell in values.items()}
            if row.operation == OPERATIONS.INSERT:
                changed[len(changed)] = new
            elif row.operation == OPERATIONS.DELETE:
                del changed[row.old_primary_key[0].int64_value]
            else:
                changed[row.old_primary_key[0].int64_value] = new
        return list(changed.values())

    def _fill(self, request: Message, tables: Mapping, parameters: Mapping) -> None:
        request.options.CopyFrom(self._options({name: kind for name, (kind, _) in parameters.items()}))
        request.simple_catalog.CopyFrom(self._catalog({name: columns for name, (columns, _) in tables.items()}))
        for name, (columns, rows) in tables.items():
            data = request.table_content[name].table_data
            data.SetInParent()  # an empty table is one, too
            for row in rows:
                cells = data.row.add().cell
                for column in columns:
                    cells.append(encode(row.get(column)))
        for name, (_, value) in parameters.items():
            request.params.add(name=name).value.CopyFrom(encode(value))

    def _options(self, parameters: Columns) -> AnalyzerOptionsProto:
        options = AnalyzerOptionsProto(language_options=self._language, default_timezone="UTC")
        for name, kind in parameters.items():
            write_type(options.query_parameters.add(name=name).type, kind)
        return options

    def _catalog(self, tables: Mapping[str, Columns]) -> SimpleCatalogProto:
        catalog = SimpleCatalogProto(name="pbm")
        catalog.builtin_function_options.language_options.CopyFrom(self._language)
        for name, columns in tables.items():
            _add_table(catalog, name, columns)
        return catalog

    def _call(self, method: str, request: Message) -> Message:
        try:
            return self._client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, ANSWERS[method])
        except ServerError as error:
            raise GoogleSqlError(str(error)) from None
        except WasmtimeError as error:
            self._client = CachedClient()  # a failed check inside leaves it unusable
            raise GoogleSqlError(f"the evaluator broke down: {str(error)[:300]}") from None


ANSWERS = {
    "GetLanguageOptions": LanguageOptionsProto,
    "RegisterCatalog": service.RegisterResponse,
    "UnregisterCatalog": Empty,
    "Analyze": service.AnalyzeResponse,
    "EvaluateQuery": service.EvaluateQueryResponse,
    "EvaluateModify": service.EvaluateModifyResponse,
}


class CachedClient(WasmClient):
    """The client with wasmtime's compile cache, and with memory copied in one go."""

    def __init__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        cache_settings = CACHE / "wasmtime.toml"
        cache_settings.write_text(f'[cache]\ndirectory = "{CACHE}"\n')
        wasi = WasiConfig()
        wasi.preopen_dir(get_tzinfo_dir(), "/usr/share/zoneinfo")
        config = Config()
        config.shared_memory = True
        config.cache = str(cache_settings)
        engine = Engine(config)
        self.store = Store(engine)
        self.store.set_wasi(wasi)
        linker = Linker(engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, Module.from_file(engine, get_wasm_path()))
        self.exports = self.instance.exports(self.store)
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + ptr, size)


def _add_table(catalog: SimpleCatalogProto, name: str, columns: Columns) -> None:
    table: SimpleTableProto = catalog.table.add(name=name)
    for column, kind in columns.items():
        write_type(table.column.add(name=column).type, kind)
    if KEY in columns:
        table.primary_key_column_index.append(0)


def _add_function(catalog: SimpleCatalogProto, name: str, arguments: Columns, columns: Columns) -> None:
    function = catalog.custom_tvf.add(name_path=[name], type=FunctionEnums.FIXED_OUTPUT_SCHEMA_TVF)
    for argument, kind in arguments.items():
        added = function.signature.argument.add(kind=ARG_TYPE_FIXED, num_occurrences=1)
        write_type(added.type, kind)
        added.options.argument_name = argument
    answer = function.signature.return_type
    answer.kind = ARG_TYPE_RELATION
    for column, kind in columns.items():
        write_type(answer.options.relation_input_schema.column.add(name=column).type, kind)


def _columns_of(resolved: Message) -> dict[str, str]:
    """Find what a resolved statement yields (its output columns) or defines (its column definitions)."""
    inner = [
        value for descriptor, value in resolved.ListFields() if descriptor.name == "parent" or _is_node(descriptor.name)
    ]
    for field in ("output_column_list", "column_definition_list"):
        found = getattr(resolved, field, None)
        if found:
            return {item.name: type_name(item.column.type) for item in found}
    return next((columns for columns in map(_columns_of, inner) if columns), {})


def _is_node(name: str) -> bool:
    return name.startswith("resolved_") and name.endswith("_node")
