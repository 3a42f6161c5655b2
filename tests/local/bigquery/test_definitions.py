"""Definitions: tables, views and functions are kept as they were written."""

from datetime import UTC, datetime

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery
from google.cloud.bigquery import ScalarQueryParameter

ORDERS = """
create table if not exists {dataset}.orders (
    order_id string not null options (description = "the order's id"),
    quantity int64 options (description = 'units, whole'),
    received_at timestamp,
    received_date date not null,
    cost numeric,
    payload bytes,
    tags array<string>
)
partition by received_date
cluster by order_id, quantity
options (description = 'Orders, one row each', require_partition_filter = true)
"""


@pytest.fixture
def orders(answer, dataset):
    answer(ORDERS.format(dataset=dataset))
    return f"{dataset}.orders"


def test_a_table_keeps_what_its_definition_says(client, orders):
    table = client.get_table(f"pbm-local.{orders}")
    assert [(field.name, field.field_type, field.mode, field.description) for field in table.schema] == [
        ("order_id", "STRING", "REQUIRED", "the order's id"),
        ("quantity", "INTEGER", "NULLABLE", "units, whole"),
        ("received_at", "TIMESTAMP", "NULLABLE", None),
        ("received_date", "DATE", "REQUIRED", None),
        ("cost", "NUMERIC", "NULLABLE", None),
        ("payload", "BYTES", "NULLABLE", None),
        ("tags", "STRING", "REPEATED", None),
    ]
    assert table.description == "Orders, one row each"
    assert (table.time_partitioning.field, table.time_partitioning.type_) == ("received_date", "DAY")
    assert table.clustering_fields == ["order_id", "quantity"]


def test_information_schema_tells_columns_and_descriptions(answer, orders):
    dataset = orders.split(".")[0]
    columns = f"""
        select column_name, data_type, is_nullable, is_partitioning_column, clustering_ordinal_position
        from {dataset}.INFORMATION_SCHEMA.COLUMNS
        where table_name = 'orders' and ordinal_position in (1, 4, 5, 7)
        order by ordinal_position
    """
    assert answer(columns) == [
        ("order_id", "STRING", "NO", "NO", 1),
        ("received_date", "DATE", "NO", "YES", None),
        ("cost", "NUMERIC", "YES", "NO", None),
        ("tags", "ARRAY<STRING>", "YES", "NO", None),
    ]
    described = f"""
        select column_name, field_path, data_type, description
        from `pbm-local`.{dataset}.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS
        where table_name = 'orders' and (description is not null or data_type like 'ARRAY%')
        order by column_name
    """
    assert answer(described) == [
        ("order_id", "order_id", "STRING", "the order's id"),
        ("quantity", "quantity", "INT64", "units, whole"),
        ("tags", "tags", "ARRAY<STRING>", None),
    ]
    tables = f"select table_name, table_type from {dataset}.INFORMATION_SCHEMA.TABLES"
    assert answer(tables) == [("orders", "BASE TABLE")]


def test_creating_what_exists_changes_nothing(answer, client, orders):
    answer(f"create table if not exists {orders} (other string)")
    assert len(client.get_table(f"pbm-local.{orders}").schema) == 7
    with pytest.raises(Conflict):
        answer(f"create table {orders} (other string)")


def test_a_table_like_another_has_its_columns_and_descriptions(answer, client, orders):
    copy = orders.replace("orders", "copies")
    answer(f"create table {copy} like {orders}")
    table, original = client.get_table(f"pbm-local.{copy}"), client.get_table(f"pbm-local.{orders}")
    assert table.schema == original.schema
    assert table.clustering_fields == original.clustering_fields
    with pytest.raises(BadRequest, match="NOT NULL"):
        answer(f"insert into {copy} (order_id, received_date) values (null, '2026-11-20')")


def test_a_column_that_an_update_adds_can_be_read_and_written(answer, client, orders):
    table = client.get_table(f"pbm-local.{orders}")
    table.schema = [*table.schema, bigquery.SchemaField("payer_id", "STRING", description="who pays")]
    assert client.update_table(table, ["schema"]).schema[-1].description == "who pays"
    answer(f"insert into {orders} (order_id, received_date, payer_id) values ('A9', '2026-11-20', 'P1')")
    assert answer(f"select payer_id from {orders} where received_date = '2026-11-20'") == [("P1",)]


def test_a_required_column_takes_no_null(answer, orders):
    with pytest.raises(BadRequest, match="NOT NULL"):
        answer(f"insert into {orders} (order_id, received_date) values (null, '2026-11-20')")


def test_a_required_column_of_the_rest_interface_takes_no_null(answer, client, dataset):
    schema = [bigquery.SchemaField("order_id", "STRING", "REQUIRED", description="id")]
    client.create_table(bigquery.Table(f"pbm-local.{dataset}.plain", schema=schema))
    with pytest.raises(BadRequest, match="NOT NULL"):
        answer(f"insert into {dataset}.plain (order_id) values (null)")


REFUSED = [
    "select count(*) from {table}",
    "select order_id from {table} where quantity > 1",
    "delete from {table} where quantity > 1",
    "select 1 from (select 1 as n) as one where exists (select 1 from {table})",
    "with all_orders as (select * from {table}) select count(*) from all_orders",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_a_required_partition_filter_is_required(answer, orders, sql):
    with pytest.raises(BadRequest, match="without a filter"):
        answer(sql.format(table=orders))


ACCEPTED = [
    "select count(*) from {table} where received_date = '2026-11-20'",
    "with all_orders as (select * from {table}) select count(*) from all_orders where received_date > '2026-01-01'",
    "delete from {table} where received_date between '2026-11-20' and '2026-11-21'",
    "insert into {table} (order_id, received_date) select 'A', date '2026-11-20'",
    "create table {table}_copy like {table}",
    "drop table {table}",
]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_a_filtered_or_writing_statement_passes(answer, orders, sql):
    answer(sql.format(table=orders))


def test_a_view_follows_its_tables(answer, client, orders):
    view = orders.replace("orders", "open_orders")
    answer(f"create or replace view {view} as select order_id from {orders} where received_date > '2026-01-01'")
    answer(f"insert into {orders} (order_id, received_date) values ('A', '2026-11-20')")
    assert answer(f"select * from {view}") == [("A",)]
    answer(f"create or replace view {view} as select 1 as one")
    assert answer(f"select * from {view}") == [(1,)]
    client.delete_table(f"pbm-local.{view}")
    with pytest.raises(NotFound):
        answer(f"select * from {view}")


def test_a_table_function_takes_an_instant(answer, orders):
    function = orders.replace("orders", "orders_as_of")
    answer(f"""
        create or replace table function {function}(as_of timestamp) as (
            select order_id from {orders} where received_at <= as_of and received_date >= '2026-01-01'
        )
    """)
    answer(f"""
        insert into {orders} (order_id, received_at, received_date)
        values ('A', '2026-11-20 10:00:00', '2026-11-20'), ('B', '2026-11-21 10:00:00', '2026-11-21')
    """)
    assert answer(f"select * from {function}(timestamp '2026-11-20 12:00:00')") == [("A",)]
    instant = ScalarQueryParameter("at", "TIMESTAMP", datetime(2026, 11, 22, tzinfo=UTC))
    assert answer(f"select * from {function}(@at) order by order_id", instant) == [("A",), ("B",)]
    answer(f"create or replace table function {function}(as_of timestamp) as (select 'none' as order_id)")
    assert answer(f"select * from {function}(timestamp '2026-11-20 12:00:00')") == [("none",)]


def test_create_or_replace_as_select(answer, client, dataset):
    answer(f"create or replace table {dataset}.days cluster by n as select date '2026-11-20' as day, 1 as n")
    answer(f"create or replace table {dataset}.days as select 'x' as other")
    assert answer(f"select * from {dataset}.days") == [("x",)]
    assert [field.name for field in client.get_table(f"pbm-local.{dataset}.days").schema] == ["other"]


def test_altering_and_truncating(answer, client, dataset):
    answer(f"create table {dataset}.days as select 1 as n")
    answer(f"alter table {dataset}.days add column note string")
    assert answer(f"select n, note from {dataset}.days") == [(1, None)]
    assert client.get_table(f"pbm-local.{dataset}.days").num_rows == 1
    answer(f"truncate table {dataset}.days")
    assert answer(f"select * from {dataset}.days") == []


def test_a_failed_definition_leaves_no_entry(answer, client, dataset):
    with pytest.raises(BadRequest):
        answer(f"create table {dataset}.broken as select 1 / 0 as n")
    assert [table.table_id for table in client.list_tables(dataset)] == []
    answer(f"create table {dataset}.broken as select 1 as n")


def test_a_remembered_statement_follows_its_tables(answer, dataset):
    sql = f"select avg(n) as mean, any_value(n) as one from {dataset}.amounts -- " + "a long statement " * 40
    answer(f"create table {dataset}.amounts as select numeric '1.5' as n")
    assert [type(item).__name__ for item in answer(sql)[0]] == ["Decimal", "Decimal"]
    answer(f"create or replace table {dataset}.amounts as select 1 as n")
    assert answer(sql) == [(1.0, 1)]
    answer(f"create or replace table {dataset}.amounts as select 'a' as other")
    with pytest.raises(BadRequest):
        answer(sql)


def test_a_view_says_what_its_query_says_and_keeps_its_descriptions(answer, client, dataset):
    answer(
        f"create or replace view {dataset}.weeks (week_date options (description = 'Monday'), minutes)"
        " options (description = 'Weeks') as select date_trunc(day, isoweek) as week_date,"
        " timestamp_diff(timestamp '2026-11-22 12:15:00+00', timestamp '2026-11-22 11:59:30+00', hour) as minutes"
        " from unnest([date '2026-11-22']) as day"
    )
    assert [tuple(row) for row in answer(f"select cast(week_date as string), minutes from {dataset}.weeks")] == [
        ("2026-11-16", 0)
    ]
    table = client.get_table(f"pbm-local.{dataset}.weeks")
    assert [(field.name, field.description) for field in table.schema] == [("week_date", "Monday"), ("minutes", None)]
    assert table.description == "Weeks"
