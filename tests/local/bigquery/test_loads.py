"""Load jobs, streamed rows and copies."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.cloud.bigquery import LoadJobConfig, SchemaField

ROWS = pa.table(
    {
        "at": pa.array([datetime(2026, 11, 20, 10, 0, 0, 1, UTC), None], pa.timestamp("us", tz="UTC")),
        "day": pa.array([date(2026, 11, 20), None]),
        "cost": pa.array([Decimal("1.123456789"), None], pa.decimal128(38, 9)),
        "payload": pa.array([b"\xff\x00", None]),
        "order_id": ["A", None],
        "is_open": [True, None],
        "quantity": [7, None],
        "hours": [0.5, None],
    }
)
FIRST = tuple(column[0].as_py() for column in ROWS.columns)


@pytest.fixture
def load(client, dataset):
    def run(rows: pa.Table, table: str = "orders", **configuration) -> int:
        body = io.BytesIO()
        parquet.write_table(rows, body)
        body.seek(0)
        config = LoadJobConfig(source_format="PARQUET", **configuration)
        job = client.load_table_from_file(body, f"pbm-local.{dataset}.{table}", job_config=config)
        job.result()
        return job.output_rows

    return run


def test_a_parquet_file_makes_its_table(client, answer, dataset, load):
    load(ROWS)
    assert answer(f"select * from {dataset}.orders where order_id is not null") == [FIRST]
    kinds = [field.field_type for field in client.get_table(f"pbm-local.{dataset}.orders").schema]
    assert kinds == ["TIMESTAMP", "DATE", "NUMERIC", "BYTES", "STRING", "BOOLEAN", "INTEGER", "FLOAT"]


def test_columns_are_matched_by_name(answer, dataset, load):
    load(ROWS.slice(0, 1))
    load(ROWS.slice(0, 1).select(["quantity", "order_id"]))
    assert answer(f"select order_id, quantity, day from {dataset}.orders order by day") == [
        ("A", 7, None),
        ("A", 7, date(2026, 11, 20)),
    ]


def test_an_unknown_column_is_refused(answer, dataset, load):
    load(ROWS)
    with pytest.raises(BadRequest, match="no column surprise"):
        load(pa.table({"order_id": ["B"], "surprise": [1]}))
    assert answer(f"select count(*) from {dataset}.orders") == [(2,)]


def test_truncating_replaces_all_or_nothing(answer, dataset, load):
    load(ROWS)
    with pytest.raises(BadRequest):
        load(pa.table({"quantity": ["many"]}), write_disposition="WRITE_TRUNCATE")
    assert answer(f"select count(*) from {dataset}.orders") == [(2,)]
    load(ROWS.slice(0, 1), write_disposition="WRITE_TRUNCATE")
    assert answer(f"select count(*) from {dataset}.orders") == [(1,)]


def test_what_can_not_be_loaded_fails(client, load, dataset):
    with pytest.raises(BadRequest, match="partition decorator"):
        load(ROWS, "orders$20261120")
    with pytest.raises(NotFound):
        client.get_table(f"pbm-local.{dataset}.orders")
    with pytest.raises(GoogleAPICallError):
        client.load_table_from_file(
            io.BytesIO(b"no parquet"),
            f"pbm-local.{dataset}.orders",
            job_config=LoadJobConfig(source_format="PARQUET"),
        ).result()


def test_a_data_frame_loads(client, answer, dataset):
    frame = pandas.DataFrame({"order_id": ["A", "B"], "quantity": [1, 2]})
    client.load_table_from_dataframe(frame, f"pbm-local.{dataset}.frames").result()
    assert answer(f"select * from {dataset}.frames order by quantity") == [("A", 1), ("B", 2)]


def test_csv_and_json_load(client, answer, dataset):
    schema = [SchemaField("quantity", "INT64"), SchemaField("order_id", "STRING")]
    csv = LoadJobConfig(source_format="CSV", skip_leading_rows=1, schema=schema)
    table = f"pbm-local.{dataset}.t"
    client.load_table_from_file(io.BytesIO(b"quantity,order_id\n1,A\n"), table, job_config=csv).result()
    rows = [{"order_id": "B", "quantity": 2}]
    client.load_table_from_json(rows, table, job_config=LoadJobConfig(schema=schema)).result()
    assert answer(f"select order_id, quantity from {dataset}.t order by 1") == [("A", 1), ("B", 2)]


def test_streamed_rows_arrive_or_are_refused(client, answer, dataset):
    answer(f"create table {dataset}.stream (order_id string not null, quantity int64)")
    table = f"pbm-local.{dataset}.stream"
    assert client.insert_rows_json(table, [{"order_id": "A", "quantity": 1}, {"order_id": "B"}]) == []
    for wrong in ({"order_id": "C", "surprise": 1}, {"order_id": "C", "quantity": "many"}, {"quantity": 1}):
        with pytest.raises(BadRequest):
            client.insert_rows_json(table, [{"order_id": "D"}, wrong])
    assert answer(f"select order_id, quantity from {dataset}.stream order by 1") == [("A", 1), ("B", None)]
    assert client.get_table(table).num_rows == 2


def test_a_table_is_copied(client, answer, dataset):
    answer(f"create table {dataset}.a as select 1 as n")
    client.copy_table(f"pbm-local.{dataset}.a", f"pbm-local.{dataset}.b").result()
    assert answer(f"select * from {dataset}.b") == [(1,)]
