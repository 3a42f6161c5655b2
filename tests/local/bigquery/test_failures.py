"""A statement that BigQuery refuses must fail by every entry point of the client."""

import io

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

BAD_STATEMENTS = {
    "missing table": "select * from {dataset}.no_such_table",
    "missing dataset": "select * from no_such_dataset.orders",
    "missing column": "select no_such_column from {dataset}.orders",
    "syntax error": "select order_id frm {dataset}.orders whre",
    "type error": "select order_id + 1 from {dataset}.orders",
    "failing cast": "select cast(order_id as int64) from {dataset}.orders",
    "division by zero": "select 1 / (quantity - quantity) from {dataset}.orders",
    "unknown function": "select no_such_function(order_id) from {dataset}.orders",
    "missing parameter": "select order_id from {dataset}.orders where order_id = @nobody",
}

ENTRY_POINTS = {
    "result": lambda client, sql: client.query(sql).result(),
    "to_dataframe": lambda client, sql: client.query(sql).to_dataframe(create_bqstorage_client=False),
    "to_arrow": lambda client, sql: client.query(sql).to_arrow(create_bqstorage_client=False),
    "query_and_wait": lambda client, sql: client.query_and_wait(sql),
    "query api": lambda client, sql: client.query(sql, api_method="QUERY").result(),
    "insert": lambda client, sql: client.query(sql.replace("select", "insert into {dataset}.sink select", 1)).result(),
    "script": lambda client, sql: client.query(f"declare x int64 default 1; {sql}; select x;").result(),
    "script by query_and_wait": lambda client, sql: client.query_and_wait(f"select 1; {sql}; select 2;"),
}


@pytest.fixture(scope="module")
def orders(client):
    client.create_dataset("pbm-local.failures", exists_ok=True)
    client.query(
        "create or replace table failures.orders as select 'A17' as order_id, 3 as quantity;"
        "create or replace table failures.sink (order_id string);"
    ).result()
    return "failures"


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
@pytest.mark.parametrize("mistake", BAD_STATEMENTS)
def test_a_wrong_statement_fails(client, orders, mistake, entry_point):
    sql = BAD_STATEMENTS[mistake].format(dataset=orders)
    with pytest.raises(GoogleAPICallError):
        ENTRY_POINTS[entry_point](client, sql.replace("{dataset}", orders))


def test_the_right_statement_passes_by_every_entry_point(client, orders):
    for name, run in ENTRY_POINTS.items():
        if name != "insert":
            run(client, f"select order_id from {orders}.orders")


def test_an_empty_query_fails(client):
    with pytest.raises(GoogleAPICallError):
        client.query_and_wait(" ")


def test_a_load_of_text_into_an_integer_column_fails_and_leaves_nothing(client, dataset):
    client.query(f"create table {dataset}.counts (order_id string, quantity int64)").result()
    rows = io.BytesIO(b'{"order_id": "A17", "quantity": 1}\n{"order_id": "A18", "quantity": "many"}\n')
    job = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    with pytest.raises(GoogleAPICallError):
        client.load_table_from_file(rows, f"pbm-local.{dataset}.counts", job_config=job).result()
    assert list(client.query_and_wait(f"select * from {dataset}.counts")) == []


def test_a_load_into_a_missing_dataset_fails(client):
    rows = io.BytesIO(b'{"order_id": "A17"}\n')
    job = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", autodetect=True)
    with pytest.raises(GoogleAPICallError):
        client.load_table_from_file(rows, "pbm-local.no_such_dataset.counts", job_config=job).result()
