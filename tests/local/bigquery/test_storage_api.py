"""The Storage API: whole tables out, Arrow batches in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from google.api_core.exceptions import GoogleAPICallError, InvalidArgument, NotFound
from google.cloud.bigquery_storage_v1 import types
from grpc import StatusCode as Code

from pbm360.local.bigquery.storage_api import status_of

SCHEMA = pa.schema(
    [
        ("order_id", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("day", pa.date32()),
        ("payload", pa.binary()),
        ("cost", pa.decimal128(38, 9)),
        ("is_open", pa.bool_()),
        ("quantity", pa.int64()),
        ("hours", pa.float64()),
    ]
)
ROWS = [
    {
        "order_id": "A",
        "at": datetime(2026, 11, 20, 10, 0, 0, 1, UTC),
        "day": date(2026, 11, 20),
        "payload": b"\xff\x00",
        "cost": Decimal("1.123456789"),
        "is_open": True,
        "quantity": 7,
        "hours": 0.5,
    },
    dict.fromkeys(SCHEMA.names) | {"order_id": "B"},
]


@pytest.fixture
def orders(answer, dataset):
    answer(f"""
        create table {dataset}.orders (
            order_id string not null, at timestamp, day date, payload bytes, cost numeric,
            is_open bool, quantity int64, hours float64
        )
    """)
    return dataset


@pytest.fixture
def append(storage_writer, orders):
    def run(*batches: pa.RecordBatch) -> list[types.AppendRowsResponse]:
        stream = f"projects/pbm-local/datasets/{orders}/tables/orders/streams/_default"
        requests = []
        for number, batch in enumerate(batches):
            data = types.AppendRowsRequest.ArrowData()
            if number == 0:
                data.writer_schema.serialized_schema = batch.schema.serialize().to_pybytes()
            data.rows.serialized_record_batch = batch.serialize().to_pybytes()
            requests.append(types.AppendRowsRequest(write_stream=stream, arrow_rows=data))
        return list(storage_writer.append_rows(iter(requests)))

    return run


@pytest.fixture
def read(storage_reader, orders):
    def run(**options) -> pa.Table:
        session = storage_reader.create_read_session(
            parent="projects/pbm-local",
            read_session=types.ReadSession(
                table=f"projects/pbm-local/datasets/{orders}/tables/orders",
                data_format=types.DataFormat.ARROW,
                read_options=types.ReadSession.TableReadOptions(**options),
            ),
            max_stream_count=1,
        )
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        batches = [
            pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)
            for stream in session.streams
            for message in storage_reader.read_rows(stream.name)
        ]
        return pa.Table.from_batches(batches, schema)

    return run


def batch_of(rows: list[dict], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema)


def test_appended_rows_come_back_as_they_went(append, read):
    assert [response.error.message for response in append(batch_of(ROWS), batch_of(ROWS))] == ["", ""]
    table = read()
    assert table.schema.remove_metadata().equals(SCHEMA)
    assert sorted(table.to_pylist(), key=lambda row: row["order_id"]) == [ROWS[0], ROWS[0], ROWS[1], ROWS[1]]


def test_missing_columns_become_null(append, answer, orders):
    append(
        batch_of([{"quantity": 1, "order_id": "A"}], pa.schema([("quantity", pa.int64()), ("order_id", pa.string())]))
    )
    assert answer(f"select order_id, quantity, day from {orders}.orders") == [("A", 1, None)]


WRONG = {
    "an unknown column": pa.RecordBatch.from_pydict({"order_id": ["A"], "surprise": [1]}),
    "text for a number": pa.RecordBatch.from_pydict({"order_id": ["A"], "quantity": ["7"]}),
    "a number for text": pa.RecordBatch.from_pydict({"order_id": [7]}),
    "a timestamp without a zone": pa.RecordBatch.from_pydict({"order_id": ["A"], "at": [datetime(2026, 11, 20)]}),
    "nanoseconds that do not fit": pa.RecordBatch.from_arrays(
        [pa.array(["A"]), pa.array([1], pa.timestamp("ns", tz="UTC"))], ["order_id", "at"]
    ),
    "null for a required column": pa.RecordBatch.from_arrays([pa.array([None], pa.string())], ["order_id"]),
    "a missing required column": pa.RecordBatch.from_pydict({"quantity": [1]}),
    "a number that is too large": pa.RecordBatch.from_arrays(
        [pa.array(["A"]), pa.array([2**63], pa.uint64())], ["order_id", "quantity"]
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_rows_that_do_not_fit_are_answered_with_an_error(append, answer, orders, mistake):
    try:
        responses = append(WRONG[mistake])
    except GoogleAPICallError:
        pass
    else:
        assert responses[0].error.code == Code.INVALID_ARGUMENT.value[0]
    assert answer(f"select count(*) from {orders}.orders") == [(0,)]


def failure(*statements: str) -> Exception:
    """Return what DuckDB raises at the last statement."""
    connection = duckdb.connect()
    for statement in statements[:-1]:
        connection.execute(statement)
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(statements[-1])
    return raised.value


TABLE = "create table numbers (n integer not null check (n < 10))"


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ((TABLE, "insert into numbers select 'x'"), Code.INVALID_ARGUMENT),
        ((TABLE, "insert into numbers select 10"), Code.INVALID_ARGUMENT),
        ((TABLE, "insert into numbers select null"), Code.INVALID_ARGUMENT),
        ((TABLE, "insert into numbers by name select 1 as m"), Code.INVALID_ARGUMENT),
        (("insert into no_such select 1",), Code.NOT_FOUND),
        (
            (
                "set memory_limit = '8MB'",
                "set temp_directory = ''",
                "create table t as select random() from range(9000000)",
            ),
            Code.RESOURCE_EXHAUSTED,
        ),
        (("attach '/no/such/folder/file.duckdb'",), Code.UNAVAILABLE),
    ],
)
def test_a_failed_append_is_answered_by_its_kind(statements, status):
    assert status_of(failure(*statements)) is status


def test_a_failure_without_a_kind_is_the_servers_own():
    assert status_of(RuntimeError("a fault")) is Code.INTERNAL


def test_the_stream_stays_open_after_an_error(append, answer, orders):
    responses = append(batch_of([dict.fromkeys(SCHEMA.names)]), batch_of(ROWS))
    assert [bool(response.error.message) for response in responses] == [True, False]
    assert answer(f"select count(*) from {orders}.orders") == [(2,)]


def test_an_append_to_a_missing_table_fails(storage_writer):
    stream = "projects/pbm-local/datasets/no_such/tables/orders/streams/_default"
    with pytest.raises(NotFound):
        list(storage_writer.append_rows(iter([types.AppendRowsRequest(write_stream=stream)])))


def test_a_read_takes_columns_and_a_filter(append, read):
    append(batch_of(ROWS))
    assert read(selected_fields=["quantity"], row_restriction="order_id = 'A'").to_pylist() == [{"quantity": 7}]
    assert read(row_restriction="day >= '2026-11-20' and cost > 1").num_rows == 1


@pytest.mark.parametrize("restriction", ["no_such_column = 1", "order_id = = 'A'", "epoch(at) > 1"])
def test_a_filter_that_means_nothing_is_refused(append, read, restriction):
    append(batch_of(ROWS))
    with pytest.raises((InvalidArgument, NotFound)):
        read(row_restriction=restriction)


def test_a_missing_table_can_not_be_read(storage_reader):
    table = types.ReadSession(
        table="projects/pbm-local/datasets/no_such/tables/orders", data_format=types.DataFormat.ARROW
    )
    with pytest.raises(NotFound):
        storage_reader.create_read_session(parent="projects/pbm-local", read_session=table)


def test_an_empty_table_has_its_schema(read):
    assert read().schema.remove_metadata().equals(SCHEMA)


def test_a_table_larger_than_a_message_comes_whole(append, read):
    start = datetime(2026, 11, 20, tzinfo=UTC)
    rows = [
        {"order_id": f"order-{number}", "at": start + timedelta(seconds=number), "payload": b"x" * 400}
        for number in range(20_000)
    ]
    append(batch_of(rows[:10_000]), batch_of(rows[10_000:]))
    assert read(selected_fields=["order_id", "at", "payload"]).to_pylist() == rows


def test_the_ordinary_client_reads_by_storage(client, append, storage_reader, orders):
    append(batch_of(ROWS))
    table = client.list_rows(f"pbm-local.{orders}.orders").to_arrow(bqstorage_client=storage_reader)
    assert table.num_rows == 2
    assert client.get_table(f"pbm-local.{orders}.orders").num_rows == 2


RESULT = """
    select
        n, n * 1.5 as half, n / 3 as third, cast(n as numeric) / 7 as share, mod(n, 2) = 0 as is_even,
        sum(n) over () as total, if(n = 3, null, concat('text ', n)) as text, timestamp_micros(n) as instant,
        date_add(date '2026-11-01', interval n day) as day,
        cast(concat('b', n) as bytes) as bytes, [n, n + 1] as list, [cast(n as numeric)] as costs
    from unnest(generate_array(1, 20)) as n
    order by n desc
"""


def test_a_querys_rows_come_by_storage_as_they_come_over_rest(client, storage_reader):
    by_storage = client.query(RESULT).result().to_arrow(bqstorage_client=storage_reader)
    over_rest = client.query(RESULT).result().to_arrow(create_bqstorage_client=False)
    assert [by_storage.column_names, by_storage.to_pylist()] == [over_rest.column_names, over_rest.to_pylist()]
    assert by_storage.column("n").to_pylist() == list(range(20, 0, -1))
    types_of = [(field.name, field.type) for field in by_storage.schema if not pa.types.is_list(field.type)]
    assert types_of == [(field.name, field.type) for field in over_rest.schema if not pa.types.is_list(field.type)]


@pytest.fixture
def read_result(client, storage_reader):
    def read(job_id: str | None = None, **options) -> list[str]:
        job = client.query("select 1 as one, 2 as two")
        job.result()
        folder, name = job.destination.path.removeprefix("/").rsplit("/", 1)
        session = types.ReadSession(
            table=f"{folder}/{name if job_id is None else f'anon{job_id}'}",
            data_format=types.DataFormat.ARROW,
            read_options=types.ReadSession.TableReadOptions(**options),
        )
        session = storage_reader.create_read_session(parent="projects/pbm-local", read_session=session)
        return pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema)).names

    return read


def test_of_a_querys_result_chosen_columns_are_read(read_result):
    assert read_result(selected_fields=["two"]) == ["two"]


def test_a_result_that_is_gone_or_a_filter_on_one_is_refused(read_result):
    with pytest.raises(NotFound, match="read long ago"):
        read_result("0" * 32)
    with pytest.raises(InvalidArgument, match="filter in the query"):
        read_result(row_restriction="one = 1")
