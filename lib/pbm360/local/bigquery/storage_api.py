"""Serve the Storage Read and Write API in threads, with whole batches, strict schemas and bounded memory."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import duckdb
import grpc
import pyarrow as pa
from bqemulator.api.dependencies import AppContext
from bqemulator.domain.errors import DomainError
from bqemulator.grpc_api import read_servicer, write_servicer
from bqemulator.sql.table_rewriter import rewrite_table_refs
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.streaming import read_session

from pbm360.local.bigquery import result_tables
from pbm360.local.bigquery.patching import replace_everywhere

RPC_THREADS = 96  # an append stream holds a thread for as long as it is open
MESSAGE_BYTES = 4 * 1024 * 1024
SESSIONS_KEPT = 64
READ_TARGET = "pbm_read_target"  # stands for the table while a read's filter is translated
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]

STATUSES = (
    (duckdb.OutOfMemoryException, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ((duckdb.IOException, duckdb.ConnectionException), grpc.StatusCode.UNAVAILABLE),  # a full disk, too
    (duckdb.TransactionException, grpc.StatusCode.ABORTED),
    (duckdb.CatalogException, grpc.StatusCode.NOT_FOUND),
    ((duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError), grpc.StatusCode.INVALID_ARGUMENT),
    ((duckdb.NotSupportedError, ValueError), grpc.StatusCode.INVALID_ARGUMENT),  # Arrow's errors are ValueErrors
)

log = logging.getLogger(__name__)


def load_messages():
    """Import the Storage API's messages, on first use or ahead of it: they would make the start half as long again."""
    from google.cloud.bigquery_storage_v1 import types

    return types


def install() -> None:
    """Make reads and appends strict."""
    replace_everywhere(write_servicer._align_to_target, align_to_target)
    replace_everywhere(read_servicer._build_read_sql, build_read_sql)


class RecentSessions(OrderedDict):
    """Read sessions by name; the oldest go first."""

    def __setitem__(self, name: str, session) -> None:
        super().__setitem__(name, session)
        while len(self) > SESSIONS_KEPT:
            self.popitem(last=False)


class ReadHandler(read_servicer.BigQueryReadHandler):
    """Storage Read: a filter that can't be understood is refused, and batches fit into messages."""

    def _handle_create_read_session(self, request_bytes: bytes, context: grpc.ServicerContext) -> bytes:
        request = load_messages().CreateReadSessionRequest.deserialize(request_bytes)
        try:
            if result_tables.is_result(request.read_session.table):
                return _session_of_a_result(request)
            return super()._handle_create_read_session(request_bytes, context)
        except DomainError as error:
            context.abort(getattr(grpc.StatusCode, error.grpc_status_name, grpc.StatusCode.INTERNAL), error.message)

    def _handle_read_rows(self, request_bytes: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        request = load_messages().ReadRowsRequest.deserialize(request_bytes)
        name = request.read_stream
        session = read_session.get_session("/".join(name.split("/")[:-2]))
        if session is not None and session.data_format != read_session.FORMAT_ARROW:
            yield from super()._handle_read_rows(request_bytes, context)
            return
        rows = read_session.get_stream_data(session.session_name, name) if session is not None else None
        if rows is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no read stream {name!r}: it is unknown or was read long ago")
        yield from _row_messages(rows.slice(request.offset), session.arrow_schema_bytes)


def _session_of_a_result(request) -> bytes:
    types = load_messages()
    state, rows = result_tables.open_session(request)
    answer = read_servicer._build_read_session_response(
        state=state,
        read_session=request.read_session,
        session_format=read_session.FORMAT_ARROW,
        wire_format=types.DataFormat.ARROW,
        arrow_table=rows,
    )
    return types.ReadSession.serialize(answer)


def _row_messages(rows: pa.Table, schema_bytes: bytes) -> Iterator[bytes]:
    types = load_messages()
    bytes_a_row = max(1, rows.nbytes // max(1, rows.num_rows))
    schema = types.ArrowSchema(serialized_schema=schema_bytes)
    for batch in rows.to_batches(max_chunksize=max(1, MESSAGE_BYTES // bytes_a_row)):
        payload = types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes())
        message = types.ReadRowsResponse(row_count=batch.num_rows, arrow_record_batch=payload, arrow_schema=schema)
        schema = None
        yield types.ReadRowsResponse.serialize(message)


def build_read_sql(target_ref: str, selected_fields, session, caller=None) -> str:
    """Write the DuckDB query of a read session; raises `DomainError` for a filter that can't be translated."""
    from bqemulator.jobs.executor import _translator

    columns = ", ".join(f"`{name}`" for name in selected_fields) if selected_fields else "*"
    row_filter = session.read_options.row_restriction if session.read_options else ""
    if not row_filter:
        return f"SELECT {columns} FROM {target_ref}".replace("`", '"')
    read_servicer._reject_dangerous_filter(row_filter)
    result = _translator.translate(f"SELECT {columns} FROM {READ_TARGET} WHERE {row_filter}", caller=caller)
    if not hasattr(result, "value"):
        raise result.error
    return rewrite_table_refs(result.value, "").replace(READ_TARGET, target_ref, 1)


class WriteHandler(write_servicer.BigQueryWriteHandler):
    """Storage Write: appends run side by side, and what does not fit the table is answered with an error."""

    def _perform_append(self, bound_stream, rows_table, offset, max_buffered_rows) -> bytes:
        try:
            return super()._perform_append(bound_stream, rows_table, offset, max_buffered_rows)
        except Exception as error:  # whatever DuckDB refuses must reach the writer, and the stream stays open
            log.warning("append to %s failed: %s", bound_stream.name, error)
            message = f"rows were not appended: {error}"
            return write_servicer._error_response(bound_stream.name, message, status_code=status_of(error))

    def _flush_to_target(self, stream, rows: pa.Table) -> None:
        engine = self._ctx.engine
        target = quoted_table_ref(stream.project_id, stream.dataset_id, stream.table_id)
        name = f"__append_{uuid4().hex[:12]}"
        engine.connection.register(name, rows)
        try:
            engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {name}")
        finally:
            engine.connection.unregister(name)
        engine.room.after_append()


def status_of(error: Exception) -> grpc.StatusCode:
    """Tell what kind of failure an append met: wrong rows, a missing table, or a server that has trouble of its own."""
    return next((status for kinds, status in STATUSES if isinstance(error, kinds)), grpc.StatusCode.INTERNAL)


def align_to_target(rows: pa.Table, target: pa.Schema) -> pa.Table:
    """Cast appended rows to the table's columns; a missing column becomes null.

    Raises `ValueError` for a column that the table does not have or whose values do not fit.
    """
    if rows.schema.equals(target):
        return rows
    given, wanted = dict(zip(rows.column_names, rows.columns, strict=True)), target.names
    unknown = [name for name in given if name not in set(wanted)]
    if unknown:
        raise ValueError(f"the table has no column {', '.join(unknown)}; it has {', '.join(wanted)}")
    columns = []
    for field in target:
        column = given.get(field.name)
        if column is None:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        if not _fits(column.type, field.type):
            raise ValueError(f"column {field.name} is {field.type}; the rows hold {column.type}")
        try:
            columns.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowInvalid as error:
            raise ValueError(f"column {field.name}: {error}") from error
    return pa.Table.from_arrays(columns, schema=target)


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Tell whether values of `given` may be written to a column of `wanted`: the same kind, in any width."""
    if given == wanted or pa.types.is_null(given):
        return True
    kinds = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
        lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind),
        lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None,
        lambda kind: pa.types.is_timestamp(kind) and kind.tz is None,
        pa.types.is_date,
        pa.types.is_time,
        pa.types.is_struct,
        lambda kind: pa.types.is_list(kind) or pa.types.is_large_list(kind),
    )
    return any(kind(given) and kind(wanted) for kind in kinds)


class ThreadedServer:
    """A gRPC server in threads behind the asynchronous start and stop that the emulator calls."""

    def __init__(self, server: grpc.Server):
        self._server = server

    async def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    async def stop(self, grace: float) -> None:
        """Refuse new calls and end the open ones after `grace` seconds."""
        self._server.stop(grace).wait()


def build_grpc_server(context: AppContext) -> tuple[ThreadedServer, int]:
    """Build the Storage API server on 127.0.0.1; returns it and its port."""
    server = grpc.server(ThreadPoolExecutor(RPC_THREADS, thread_name_prefix="storage"), options=UNLIMITED)
    server.add_generic_rpc_handlers([ReadHandler(context), WriteHandler(context)])
    port = server.add_insecure_port(f"{context.settings.grpc_host}:{context.settings.grpc_port}")
    return ThreadedServer(server), port
