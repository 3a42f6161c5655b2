"""Reach the warehouse: run SQL files with parameters, load rows and Arrow tables, read large results."""

from __future__ import annotations

import copy
import datetime
import decimal
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

import grpc
import pyarrow as pa
import pyarrow.parquet as parquet
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from pbm360.settings import Settings, SettingsError, sql_folder

Found = TypeVar("Found")
LAYERS = ("bronze", "silver", "gold", "live", "serving", "ops", "vault", "truth", "staging", "reporting")
STAGED_TABLES = (
    "stg_order_events",
    "rejected_events",
    "fact_order_lifecycle",
    "fact_stage_visits",
    "fact_patient_feedback",
    "dim_drugs",
    "dim_patients",
    "dim_pharmacies",
)
PUBLISHED_NAME = re.compile(r"\bpbm_(?:silver|gold)\.(" + "|".join(STAGED_TABLES) + r")\b")
DATASET_NAME = re.compile(r"\bpbm_(" + "|".join(LAYERS) + r")\.")
INCLUDE = re.compile(r"^[ ]*-- include (\S+\.sql)[ ]*$", re.MULTILINE)
# What a read may raise because the warehouse, the way to it or the settings are not right now: to be tried again.
# Among the OSErrors are those of the connection (requests' too) and running out of time.
READ_ERRORS = (GoogleAPICallError, RetryError, GoogleAuthError, OSError, ValueError)
LARGE_RESULT_ROWS = 1_000  # from so many on, Storage Read's session costs less than rows as texts
GRPC_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
SCALAR_TYPES = (
    (bool, "BOOL"),  # before int: a bool is an int
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (bytes, "BYTES"),
    (decimal.Decimal, "NUMERIC"),
    (datetime.datetime, "TIMESTAMP"),  # before date: a datetime is a date
    (datetime.date, "DATE"),
)


def read_sql(name: str, dataset_prefix: str = "pbm", *, staged: bool = False) -> str:
    """Return a SQL file's text with its includes inlined and its dataset names set.

    `-- include lifecycle/order_lifecycle.sql` on a line of its own is replaced by that file's query.
    """
    path = sql_folder() / name
    if not path.is_file():
        raise FileNotFoundError(f"no SQL file {name!r} in the folder sql/")
    text = INCLUDE.sub(lambda found: read_sql(found.group(1)).rstrip().rstrip(";"), path.read_text())
    if staged:
        text = PUBLISHED_NAME.sub(r"pbm_staging.\1", text)
    return DATASET_NAME.sub(lambda found: f"{dataset_prefix}_{found.group(1)}.", text)


def table_files() -> list[str]:
    """List the SQL files that define a table, view or function, in the order in which they can be created."""
    folders = ("bronze", "silver", "gold", "live", "vault", "truth", "ops", "serving", "reporting")
    found = [f"{folder}/{path.name}" for folder in folders for path in sorted((sql_folder() / folder).glob("*.sql"))]
    return [name for name in found if "create " in definition(name)]


def definition(name: str, dataset_prefix: str = "pbm") -> str:
    """Return the first statement of a table's file: its `create`."""
    return statements(name, dataset_prefix)[0]


def statements(name: str, dataset_prefix: str = "pbm") -> list[str]:
    """Split a SQL file into its statements; each ends with a semicolon at the end of a line."""
    parts = re.split(r";[ ]*$", read_sql(name, dataset_prefix), flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def query_parameter(name: str, value) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    """Turn a Python value into a query parameter; a list becomes an array, `(type, value)` names the type itself."""
    if isinstance(value, tuple):
        kind, value = value
    elif isinstance(value, list):
        if not value:
            raise ValueError(f"parameter {name}: an empty list has no type; pass ('STRING', []) or the like")
        kind = _scalar_type(name, value[0])
    else:
        kind = _scalar_type(name, value)
    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, kind, value)
    return bigquery.ScalarQueryParameter(name, kind, value)


def _scalar_type(name: str, value) -> str:
    for python_type, kind in SCALAR_TYPES:
        if isinstance(value, python_type):
            return kind
    raise TypeError(f"parameter {name}: no BigQuery type for {type(value).__name__}; pass (type, value)")


class Warehouse:
    """The warehouse that the settings name. One instance serves one thread; clients are opened on first use.

    Queries are tried again for minutes, as the clients do by themselves; with `patience_seconds` for no longer than
    that, after which they raise one of `READ_ERRORS`.
    """

    def __init__(self, settings: Settings, *, patience_seconds: float | None = None):
        if settings.target == "local" and not settings.bigquery_url:
            raise SettingsError("no local BigQuery is known; run `pbm360 up` (or set PBM360_BIGQUERY_URL)")
        self.settings = settings
        self._others: list[Warehouse] = []
        self._limits, self._read_limits = {}, {}
        if patience_seconds is not None:
            retry = bigquery.DEFAULT_RETRY.with_timeout(patience_seconds)
            self._limits = {"retry": retry, "timeout": patience_seconds, "job_retry": None}
            self._read_limits = {"timeout": patience_seconds}

    @cached_property
    def client(self) -> bigquery.Client:
        """The ordinary BigQuery client."""
        if self.settings.target == "gcp":
            return bigquery.Client(self.settings.project, location=self.settings.location)
        options = ClientOptions(api_endpoint=self.settings.bigquery_url)
        return bigquery.Client(self.settings.project, AnonymousCredentials(), client_options=options)

    @cached_property
    def reader(self) -> BigQueryReadClient:
        """The ordinary Storage Read client."""
        if self.settings.target == "gcp":
            return BigQueryReadClient()
        channel = grpc.insecure_channel(self.settings.bigquery_storage_endpoint, options=GRPC_UNLIMITED)
        return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))

    def create_tables(self) -> None:
        """Create every dataset, table, view and function that is missing; what exists stays."""
        for layer in LAYERS:
            dataset = bigquery.Dataset(f"{self.settings.project}.{self.settings.dataset(layer)}")
            dataset.location = self.settings.location
            self.client.create_dataset(dataset, exists_ok=True)
        for name in table_files():
            self.query(definition(name, self.settings.dataset_prefix))

    def drop_tables(self, *names: str) -> None:
        """Drop tables and views, `layer.table`, or all of a layer, `layer`; what is missing is no error."""
        for name in names:
            found = [self.table_id(name)] if "." in name else self.client.list_tables(self.settings.dataset(name))
            for table in found:
                self.client.delete_table(table, not_found_ok=True)

    def run(self, sql_file: str, parameters: Mapping | None = None, *, staged: bool = False) -> pa.Table:
        """Run a SQL file (its path below `sql/`) as one job and return the rows of its last statement.

        `staged` reads the tables that a build has staged (`pbm_staging`) in place of those of silver and gold.
        """
        return self.query(read_sql(sql_file, self.settings.dataset_prefix, staged=staged), parameters)

    def together(self, works: Sequence[Callable[[Warehouse], Found]]) -> list[Found]:
        """Return what each work returns, in their order; they run side by side, each with clients of its own, which
        stay open for the next time.

        Where one fails its error is raised once all have ended.
        """
        self._others += [self._another() for _ in works[len(self._others) :]]
        with ThreadPoolExecutor(max(len(works), 1)) as threads:
            jobs = [threads.submit(work, other) for work, other in zip(works, self._others, strict=False)]
        return [job.result() for job in jobs]

    def _another(self) -> Warehouse:
        other = copy.copy(self)
        other._others = []
        for name in ("client", "reader"):  # opened on first use, one a thread
            vars(other).pop(name, None)
        return other

    def query(self, sql: str, parameters: Mapping | None = None) -> pa.Table:
        """Run SQL with `@parameters` and return its rows; an empty table where it returns none.

        Raises `google.api_core.exceptions.GoogleAPICallError` with the engine's message where the statement fails.
        """
        configuration = bigquery.QueryJobConfig(
            query_parameters=[query_parameter(name, value) for name, value in (parameters or {}).items()]
        )
        job = self.client.query(sql, job_config=configuration, **self._limits)
        rows = job.result(**self._limits)
        if not rows.schema:
            return pa.table({})
        if job.destination is not None and rows.total_rows >= LARGE_RESULT_ROWS:
            return self._read_all(job.destination.path.removeprefix("/"))
        return rows.to_arrow(create_bqstorage_client=False)

    def load_rows(self, table: str, rows: Sequence[Mapping], *, replace: bool = False) -> None:
        """Load rows (mappings by column) into an existing table, `layer.table`; missing columns become null."""
        if not rows:
            return
        schema = self.arrow_schema(table)
        columns = {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in schema}
        self.load_arrow(table, pa.table(columns, schema=schema), replace=replace)

    def load_arrow(self, table: str, rows: pa.Table, *, replace: bool = False) -> None:
        """Load an Arrow table into an existing table by one load job, all or nothing."""
        body = io.BytesIO()
        parquet.write_table(rows, body)
        body.seek(0)
        configuration = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition="WRITE_TRUNCATE" if replace else "WRITE_APPEND",
        )
        self.client.load_table_from_file(body, self.table_id(table), job_config=configuration).result()

    def read_table(self, table: str, columns: Iterable[str] | None = None, row_filter: str = "") -> pa.Table:
        """Read a table (`layer.table`) through the Storage Read API; `row_filter` is a SQL predicate."""
        dataset, name = self.table_id(table).rsplit(".", 2)[1:]
        path = f"projects/{self.settings.project}/datasets/{dataset}/tables/{name}"
        options = types.ReadSession.TableReadOptions(selected_fields=list(columns or ()), row_restriction=row_filter)
        return self._read_all(path, options)

    def _read_all(self, path: str, options: types.ReadSession.TableReadOptions | None = None) -> pa.Table:
        session = self.reader.create_read_session(
            parent=f"projects/{self.settings.project}",
            read_session=types.ReadSession(table=path, data_format=types.DataFormat.ARROW, read_options=options),
            max_stream_count=1,
            **self._read_limits,
        )
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        if not session.streams:
            return schema.empty_table()
        batches = [
            pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)
            for message in self.reader.read_rows(session.streams[0].name, **self._read_limits)
            if message.arrow_record_batch.serialized_record_batch
        ]
        return pa.Table.from_batches(batches, schema)

    def arrow_schema(self, table: str) -> pa.Schema:
        """Return the Arrow schema of a table (`layer.table`)."""
        return pa.schema([_arrow_field(field) for field in self.client.get_table(self.table_id(table)).schema])

    def table_id(self, table: str) -> str:
        """Return `project.dataset.table` for `layer.table`, e.g. `gold.dim_drugs`."""
        layer, _, name = table.partition(".")
        if layer not in LAYERS or not name:
            raise ValueError(f"a table is named layer.table with a layer of {', '.join(LAYERS)}; got {table!r}")
        return f"{self.settings.project}.{self.settings.dataset(layer)}.{name}"


ARROW_TYPES = {
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "INTEGER": pa.int64(),
    "INT64": pa.int64(),
    "FLOAT": pa.float64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "BOOLEAN": pa.bool_(),
    "BOOL": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
}


def _arrow_field(field: bigquery.SchemaField) -> pa.Field:
    try:
        kind = ARROW_TYPES[field.field_type]
    except KeyError:
        raise TypeError(f"column {field.name} has type {field.field_type}, which loads here do not know") from None
    return pa.field(field.name, pa.list_(kind) if field.mode == "REPEATED" else kind)
