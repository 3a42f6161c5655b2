"""Jobs: destinations, labels, dry runs and what stays of them."""

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound
from google.cloud.bigquery import QueryJobConfig


def test_a_destination_is_written(client, answer, dataset):
    target = f"pbm-local.{dataset}.result"
    sql = "select 1 as n, 'a' as name, numeric '1.5' as cost, [1, 2] as items"
    client.query(sql, job_config=QueryJobConfig(destination=target)).result()
    assert answer(f"select * from {dataset}.result") == [(1, "a", pytest.approx(1.5), [1, 2])]
    kinds = [(field.name, field.field_type, field.mode) for field in client.get_table(target).schema]
    assert kinds[-2:] == [("cost", "NUMERIC", "NULLABLE"), ("items", "INTEGER", "REPEATED")]


def test_a_count_is_a_whole_number_in_a_destination(client, dataset, warehouse):
    target = f"pbm-local.{dataset}.counts"
    sql = "select countif(n > 1) as n, sum(n) as total from unnest([1, 2]) as n"
    client.query(sql, job_config=QueryJobConfig(destination=target)).result()
    assert [field.field_type for field in client.get_table(target).schema] == ["INTEGER", "INTEGER"]
    row = list(client.query(f"select n, total, n / 2 as half from {dataset}.counts").result())[0]
    assert (dict(row), type(row["total"])) == ({"n": 1, "total": 3, "half": 0.5}, int)


def test_a_destination_follows_its_disposition(client, answer, dataset):
    target = f"pbm-local.{dataset}.result"

    def run(sql, disposition=None):
        client.query(sql, job_config=QueryJobConfig(destination=target, write_disposition=disposition)).result()

    run("select 1 as n")
    with pytest.raises(Conflict):
        run("select 2 as n")
    run("select 2 as n", "WRITE_APPEND")
    assert answer(f"select n from {dataset}.result order by n") == [(1,), (2,)]
    run("select 'x' as other", "WRITE_TRUNCATE")
    assert answer(f"select * from {dataset}.result") == [("x",)]


def test_a_destination_that_must_exist_is_looked_for(client, dataset):
    configuration = QueryJobConfig(destination=f"pbm-local.{dataset}.result", create_disposition="CREATE_NEVER")
    with pytest.raises(NotFound):
        client.query("select 1 as n", job_config=configuration).result()


def test_a_partition_decorator_is_refused(client, answer, dataset):
    answer(f"create table {dataset}.days as select date '2026-11-20' as day")
    configuration = QueryJobConfig(destination=f"pbm-local.{dataset}.days$20261120", write_disposition="WRITE_TRUNCATE")
    with pytest.raises(BadRequest, match="partition decorator"):
        client.query("select date '2026-11-20' as day", job_config=configuration).result()
    with pytest.raises(GoogleAPICallError):
        answer(f"select * from `pbm-local.{dataset}.days$20261120`")


def test_labels_are_kept(client):
    job = client.query("select 1", job_config=QueryJobConfig(labels={"build": "2026-11-20"}))
    job.result()
    assert client.get_job(job.job_id).labels == {"build": "2026-11-20"}


def test_a_dry_run_tells_the_schema_and_writes_nothing(client, answer, dataset):
    dry = QueryJobConfig(dry_run=True)
    assert [field.name for field in client.query("select 1 as n", job_config=dry).schema] == ["n"]
    client.query(f"create table {dataset}.never as select 1 as n", job_config=dry)
    assert [table.table_id for table in client.list_tables(dataset)] == []


def test_large_results_come_in_pages(client):
    sql = "select n, repeat('x', 20) as text from unnest(generate_array(1, 25000)) as n order by n"
    rows = client.query(sql).result(page_size=10000)
    assert [row.n for row in rows] == list(range(1, 25001))
    table = client.query_and_wait(sql).to_arrow(create_bqstorage_client=False)
    assert table.num_rows == 25000
