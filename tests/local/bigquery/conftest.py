"""Start the laptop's BigQuery once, as the process that people start, and give the tests its ordinary clients."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, BigQueryWriteClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

PROJECT = "pbm-local"
START_SECONDS = 60
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@dataclass
class Server:
    """A running server process and its addresses."""

    process: subprocess.Popen
    rest_url: str
    grpc_endpoint: str

    def client(self) -> bigquery.Client:
        options = ClientOptions(api_endpoint=self.rest_url)
        return bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(START_SECONDS)


def start_server(data_dir: Path) -> Server:
    """Start `python -m pbm360.local.bigquery` and wait for its ready file."""
    ready = data_dir.with_name(data_dir.name + ".ready.json")
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pbm360.local.bigquery", "--data-dir", str(data_dir), "--ready-file", str(ready)]
    log = data_dir.with_name(data_dir.name + ".log")
    process = subprocess.Popen(command, stdout=log.open("w"), stderr=subprocess.STDOUT, env=dict(os.environ))
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"the server ended with {process.returncode}: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the server did not answer: {log.read_text()[-3000:]}"
        time.sleep(0.02)
    addresses = json.loads(ready.read_text())
    assert addresses["pid"] == process.pid
    return Server(process, addresses["rest_url"], addresses["grpc_endpoint"])


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for the whole folder of tests."""
    running = start_server(tmp_path_factory.mktemp("bigquery") / "data")
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path):
    """Start servers of the test's own on the same folder, one after another."""
    started = []

    def run() -> Server:
        started.append(start_server(tmp_path / "data"))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def client(server):
    """The ordinary BigQuery client."""
    return server.client()


@pytest.fixture(scope="session")
def storage_channel(server):
    """A channel to the Storage API."""
    with grpc.insecure_channel(server.grpc_endpoint, options=UNLIMITED) as channel:
        yield channel


@pytest.fixture(scope="session")
def storage_reader(storage_channel):
    """The ordinary Storage Read client."""
    return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=storage_channel))


@pytest.fixture(scope="session")
def storage_writer(storage_channel):
    """The ordinary Storage Write client."""
    return BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=storage_channel))


numbers = itertools.count()


@pytest.fixture
def dataset(client):
    """A dataset of the test's own."""
    name = f"dataset_{next(numbers)}"
    client.create_dataset(f"{PROJECT}.{name}")
    return name


@pytest.fixture
def answer(client):
    """Run SQL with named parameters and return its rows as tuples."""

    def run(sql: str, *parameters) -> list[tuple]:
        configuration = bigquery.QueryJobConfig(query_parameters=list(parameters))
        return [row.values() for row in client.query(sql, job_config=configuration).result()]

    return run


@pytest.fixture
def value(answer):
    """Run SQL that returns one value and return it."""

    def run(sql: str, *parameters):
        ((only,),) = answer(sql, *parameters)
        return only

    return run
