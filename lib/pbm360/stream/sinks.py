"""Append rows to the warehouse by the Storage Write API: Arrow batches on a table's default stream, at least once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import grpc
import pyarrow as pa
from google.api_core.exceptions import ServiceUnavailable, from_grpc_status
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

from pbm360.domain.decode import COLUMNS
from pbm360.domain.rules import typed_fields
from pbm360.settings import Settings
from pbm360.stream.retrying import until_taken
from pbm360.stream.shared import StopFlag

APPEND_SECONDS = 60.0  # a server that accepts a request and never answers is asked again
BATCH_BYTES = 7_000_000  # the API takes 10 MB a request; a block of large payloads goes in several
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_reconnect_backoff_ms", 1_000),  # a server that was started again is found soon, not after two minutes
]
WHAT_HELPS = "`pbm360 prepare` (`pbm360 up` on a laptop) makes the tables; the stream's account must be their WRITER"
INSTANT = pa.timestamp("us", tz="UTC")
KINDS = {
    "identifier": pa.string(),
    "code": pa.string(),
    "ndc": pa.string(),
    "zip3": pa.string(),
    "integer": pa.int64(),
    "numeric": pa.decimal128(38, 9),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": INSTANT,
}
ENVELOPE_KINDS = {
    "event_at": INSTANT,
    "event_date": pa.date32(),
    "stage_order": pa.int64(),
    "publish_time": INSTANT,
    "ingested_at": INSTANT,
    "known_at": INSTANT,
    "schema_version": pa.int64(),
}
FIELD_KINDS = {field.column: KINDS[field.kind] for field in typed_fields()}
EVENT_SCHEMA = pa.schema([(name, FIELD_KINDS.get(name) or ENVELOPE_KINDS.get(name, pa.string())) for name in COLUMNS])
RAW_SCHEMA = pa.schema(
    [
        ("message_id", pa.string()),
        ("publish_time", INSTANT),
        ("ingested_at", INSTANT),
        ("known_at", INSTANT),
        ("known_date", pa.date32()),
        ("source", pa.string()),
        ("attributes", pa.string()),
        ("payload", pa.binary()),
    ]
)
MINUTE_SCHEMA = pa.schema(
    [
        ("minute_at", INSTANT),
        ("stage", pa.string()),
        ("pharmacy_id", pa.string()),
        ("carrier", pa.string()),
        ("event_count", pa.int64()),
        ("pane_timing", pa.string()),
        ("emitted_at", INSTANT),
    ]
)
DEAD_LETTER_SCHEMA = pa.schema(
    [
        ("message_id", pa.string()),
        ("known_date", pa.date32()),
        ("source", pa.string()),
        ("reason_code", pa.string()),
        ("detail", pa.string()),
        ("publish_time", INSTANT),
        ("refused_at", INSTANT),
    ]
)
RawAppendRequest = types.AppendRowsRequest.pb()


class TableAppender:
    """Append rows to one table (`layer.table`); returns once they are committed. Safe for several threads."""

    def __init__(self, settings: Settings, table: str, schema: pa.Schema, stop: StopFlag | None = None):
        layer, _, name = table.partition(".")
        self._stream = f"projects/{settings.project}/datasets/{settings.dataset(layer)}/tables/{name}/streams/_default"
        self._settings, self._schema, self._stop = settings.without_secrets(), schema, stop
        self._header = schema.serialize().to_pybytes()
        self._client: BigQueryWriteClient | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict:
        """Leave the open client and the lock behind: each worker opens its own."""
        return self.__dict__ | {"_client": None, "_lock": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__ |= state | {"_lock": threading.Lock()}

    def append(self, rows: Sequence[Sequence]) -> None:
        """Append rows (values in the schema's order); instants may be microseconds since 1970, dates days since 1970.

        Waits and tries again while the warehouse is away or has no room (`retrying.until_taken`). Raises
        `InvalidArgument` for rows that the table refuses; `NotSetUp` where the table has been missing or forbidden for
        minutes; `Stopped` where the stream is told to end before.
        """
        for batch in self._batches(rows):
            until_taken(partial(self._append_once, batch, APPEND_SECONDS), self._stream, WHAT_HELPS, self._stop)

    def try_append(self, rows: Sequence[Sequence], seconds: float) -> None:
        """Append rows as `append` does, but once; raises `GoogleAPICallError` where that fails or takes longer."""
        for batch in self._batches(rows):
            self._append_once(batch, seconds)

    def _batches(self, rows: Sequence[Sequence]) -> list[pa.RecordBatch]:
        if not rows:
            return []
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        return _parts(pa.record_batch(arrays, schema=self._schema))

    def _append_once(self, batch: pa.RecordBatch, seconds: float) -> None:
        raw = RawAppendRequest(write_stream=self._stream)
        raw.arrow_rows.writer_schema.serialized_schema = self._header
        raw.arrow_rows.rows.serialized_record_batch = batch.serialize().to_pybytes()
        request = types.AppendRowsRequest.wrap(raw)  # wrapped, not copied: rows take most of a request
        is_confirmed = False
        answers = self._open().append_rows(iter([request]), retry=None, timeout=seconds)
        for response in answers:
            if response.error.code:
                raise from_grpc_status(response.error.code, f"{self._stream}: {response.error.message}")
            is_confirmed = True
        if not is_confirmed:
            raise ServiceUnavailable(f"{self._stream}: the server closed the stream without confirming the rows")

    def _open(self) -> BigQueryWriteClient:
        with self._lock:
            if self._client is None:
                self._client = write_client(self._settings)
            return self._client


def write_client(settings: Settings) -> BigQueryWriteClient:
    """Open the ordinary Storage Write client that the settings name."""
    if settings.target == "gcp":
        return BigQueryWriteClient()
    channel = grpc.insecure_channel(settings.bigquery_storage_endpoint, options=CHANNEL_OPTIONS)
    return BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=channel))


def _parts(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Cut a batch so that each part keeps below the API's limit; a single row is never cut."""
    if batch.nbytes <= BATCH_BYTES or batch.num_rows == 1:
        return [batch]
    half = batch.num_rows // 2
    return [*_parts(batch.slice(0, half)), *_parts(batch.slice(half))]
