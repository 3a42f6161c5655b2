"""The server as a process: start, stop, and what survives."""

import json
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import NotFound
from google.cloud.bigquery import SchemaField, Table


def test_committed_rows_and_definitions_survive_a_kill(start):
    server = start()
    client = server.client()
    client.create_dataset("kept")
    client.query("create table kept.orders (order_id string options (description = 'id')) cluster by order_id").result()
    client.query("create view kept.seen as select order_id from kept.orders").result()
    client.query(
        "create table function kept.named(name string) as (select * from kept.orders where order_id = name)"
    ).result()
    client.query("insert into kept.orders (order_id) values ('A')").result()
    server.stop(signal.SIGKILL)

    server = start()
    client = server.client()
    assert [row.order_id for row in client.query_and_wait("select * from kept.seen")] == ["A"]
    assert [row.order_id for row in client.query_and_wait("select * from kept.named('A')")] == ["A"]
    table = client.get_table("kept.orders")
    assert (table.schema[0].description, table.clustering_fields, table.num_rows) == ("id", ["order_id"], 1)
    assert server.stop() == 0


def test_a_clean_stop_leaves_one_database_file_and_no_ready_file(start, tmp_path):
    server = start()
    ready = tmp_path / "data.ready.json"
    assert json.loads(ready.read_text())["rest_url"] == server.rest_url
    server.client().create_dataset("kept")
    assert server.stop() == 0
    assert not ready.exists()
    assert [path.name for path in (tmp_path / "data").iterdir() if path.is_file()] == ["bqemulator.duckdb"]


def test_the_server_listens_on_the_loopback_alone(server):
    other = [address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for endpoint in (urlsplit(server.rest_url).netloc, server.grpc_endpoint):
        host, port = endpoint.split(":")
        assert host == "127.0.0.1"
        for address in {name for name in other if not name.startswith("127.")}:
            with pytest.raises(OSError), socket.create_connection((address, int(port)), timeout=2):
                pass


def test_a_second_server_on_the_same_folder_is_refused(start, tmp_path):
    start()
    command = [sys.executable, "-m", "pbm360.local.bigquery", "--data-dir", str(tmp_path / "data")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert "lock" in second.stderr.lower()


def test_datasets_and_tables_by_the_rest_interface(client, dataset):
    table = client.create_table(Table(f"pbm-local.{dataset}.orders", schema=[SchemaField("order_id", "STRING")]))
    assert [item.table_id for item in client.list_tables(dataset)] == ["orders"]
    client.delete_table(table)
    client.delete_dataset(dataset, delete_contents=True)
    with pytest.raises(NotFound):
        client.get_dataset(dataset)
    client.delete_dataset(dataset, not_found_ok=True)
    assert client.create_dataset(dataset, exists_ok=True).dataset_id == dataset
