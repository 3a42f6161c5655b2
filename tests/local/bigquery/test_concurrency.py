"""Queries run side by side, and a reader sees committed rows alone."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

ENDLESS = """
select count(*)
from unnest(generate_array(1, 100000)) as a
cross join unnest(generate_array(1, 100000)) as b
cross join unnest(generate_array(1, 100000)) as c
where mod(a * b * c, 7) = 3
"""


def test_a_short_query_answers_during_one_without_end(start):
    server = start()

    def run_endless():
        return list(server.client().query(ENDLESS).result())

    with ThreadPoolExecutor(1) as threads:
        endless = threads.submit(run_endless)
        client = server.client()
        for _ in range(20):
            assert [row.one for row in client.query_and_wait("select 1 as one")] == [1]
        assert not endless.done()
        assert server.stop() == 0  # and the server stops in spite of it
        assert endless.exception() is not None


SLOW = """
select count(*) as n from unnest(generate_array(1, 6000)) as a cross join unnest(generate_array(1, 1000)) as b
where mod(a * b, 7) = 3
"""

PUBLISH = """
begin transaction;
delete from {table} where true;
insert into {table} (n) select n from unnest(generate_array(1, 1000)) as n;
select count(*) from unnest(generate_array(1, 3000)) as a cross join unnest(generate_array(1, 1000)) as b
where mod(a * b, 7) = 3;
commit transaction;
"""


def test_a_reader_sees_all_of_a_transaction_or_nothing(server, dataset):
    client = server.client()
    table = f"{dataset}.numbers"
    client.query(f"create table {table} as select 0 as n").result()
    seen = set()
    with ThreadPoolExecutor(1) as threads:
        for _ in range(3):
            publishing = threads.submit(lambda: server.client().query(PUBLISH.format(table=table)).result())
            while not publishing.done():
                ((count,),) = [row.values() for row in client.query_and_wait(f"select count(*) from {table}")]
                seen.add(count)
            publishing.result()
    assert seen <= {1, 1000}


def test_appends_go_on_during_a_transaction(server, storage_writer, dataset):
    client = server.client()
    table = f"{dataset}.numbers"
    client.query(f"create table {table} (n int64)").result()
    stream = f"projects/pbm-local/datasets/{dataset}/tables/numbers/streams/_default"
    batch = pa.RecordBatch.from_pydict({"n": [-1]})
    data = types.AppendRowsRequest.ArrowData()
    data.writer_schema.serialized_schema = batch.schema.serialize().to_pybytes()
    data.rows.serialized_record_batch = batch.serialize().to_pybytes()
    request = types.AppendRowsRequest(write_stream=stream, arrow_rows=data)
    appended = 0
    with ThreadPoolExecutor(1) as threads:
        publishing = threads.submit(lambda: server.client().query(PUBLISH.format(table=table)).result())
        while not publishing.done():
            (response,) = storage_writer.append_rows(iter([request]))
            assert not response.error.message
            appended += 1
        publishing.result()
    ((kept, published),) = [
        row.values() for row in client.query_and_wait(f"select countif(n = -1), countif(n > 0) from {table}")
    ]
    assert appended > 0
    assert published == 1000
    assert 0 < kept <= appended  # those before the transaction were deleted by it, those during it were not seen


def test_many_writers_at_once_lose_nothing(server, dataset):
    server.client().query(f"create table {dataset}.numbers (n int64)").result()

    def insert(number: int) -> None:
        sql = f"insert into {dataset}.numbers (n) values ({number})"
        if number % 2:
            sql = (
                f"begin transaction; {sql}; update {dataset}.numbers set n = n where n = {number}; commit transaction;"
            )
        server.client().query(sql).result()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(insert, range(24)))
    rows = server.client().query_and_wait(f"select n from {dataset}.numbers order by n")
    assert [row.n for row in rows] == list(range(24))


def test_a_table_is_made_of_a_query_while_others_write(server, dataset):
    client = server.client()
    client.query(f"create table {dataset}.numbers (n int64)").result()
    written = 0
    with ThreadPoolExecutor(1) as threads:
        making = threads.submit(lambda: server.client().query(f"create table {dataset}.made as {SLOW}").result())
        while not making.done():
            client.query(f"insert into {dataset}.numbers (n) values (1)").result()
            written += 1
        making.result()
    assert written > 3
    for table, count in (("made", 1), ("numbers", written)):
        assert client.get_table(f"{dataset}.{table}").num_rows == count


def test_who_makes_the_same_table_waits_for_the_end(server, dataset):
    making = f"create or replace table {dataset}.made as {SLOW}"
    with ThreadPoolExecutor(3) as threads:
        for job in [threads.submit(lambda: server.client().query(making).result()) for _ in range(3)]:
            job.result()
    assert server.client().get_table(f"{dataset}.made").num_rows == 1


def test_a_table_that_cannot_be_made_leaves_the_others_known(server, dataset):
    client = server.client()
    wrong = f"create table {dataset}.wrong as select error('no') as n from ({SLOW})"
    with ThreadPoolExecutor(1) as threads:
        failing = threads.submit(lambda: server.client().query(wrong).result())
        client.query(f"create table {dataset}.right as select 1 as n").result()
        assert failing.exception() is not None
    tables = {table.table_id for table in client.list_tables(dataset)}
    assert tables == {"right"}
