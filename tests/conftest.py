"""Real local servers for every test that needs one: each is a process of its own, started once, on 127.0.0.1."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pbm360 import oms
from pbm360.local import postgres
from pbm360.medallion import prepare
from pbm360.settings import Settings
from pbm360.warehouse import Warehouse

START_SECONDS = 90
TEST_KEY = "a-key-that-only-the-tests-know-0123456789"
LONGEST_FIRST = (  # a file goes to one worker whole: begun last, one of these would be waited for alone
    "notebooks/test_parameters.py",
    "notebooks/test_chapters.py",
    "dags/test_daily_medallion.py",
    "sql/test_parity.py",
    "test_medallion.py",
    "test_erasure.py",
    "stream/test_run.py",
    "dags/test_deadline.py",
    "dashboards/test_command_center.py",
    "test_time_machine.py",
)
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Let Python keep what it compiles, whatever the shell says: the tests start hundreds of processes."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first; the others keep their order."""
    folder = Path(__file__).parent
    places = {folder / name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def start_process(module: str, data_dir: Path) -> tuple[subprocess.Popen, dict]:
    """Start a server module of the local stack and return its process and the addresses that it wrote."""
    ready, log = data_dir.with_name(data_dir.name + ".ready.json"), data_dir.with_name(data_dir.name + ".log")
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", module, "--data-dir", str(data_dir), "--ready-file", str(ready)]
    with log.open("w") as lines:
        process = subprocess.Popen(command, stdout=lines, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"{module} ended with {process.returncode}: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"{module} did not answer: {log.read_text()[-3000:]}"
        time.sleep(0.05)
    return process, json.loads(ready.read_text())


def stop_process(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


@pytest.fixture(scope="session")
def bigquery_server(tmp_path_factory) -> Iterator[dict]:
    """One local BigQuery for the session: its addresses."""
    process, addresses = start_process("pbm360.local.bigquery", tmp_path_factory.mktemp("bigquery") / "data")
    yield addresses
    stop_process(process)


@pytest.fixture(scope="session")
def pubsub_server(tmp_path_factory) -> Iterator[dict]:
    """One local Pub/Sub for the session: its address."""
    process, addresses = start_process("pbm360.local.pubsub", tmp_path_factory.mktemp("pubsub") / "data")
    yield addresses
    stop_process(process)


@pytest.fixture(scope="session")
def oms_dsn() -> Iterator[str]:
    """One local PostgreSQL for the session, migrated: its address."""
    # not below pytest's folder, which another session of pytest closes to the user that root starts PostgreSQL as
    with tempfile.TemporaryDirectory(prefix="pbm360-test-") as folder:
        dsn, record = postgres.start(Path(folder) / "postgres")
        oms.migrate(Settings(oms_dsn=dsn))
        yield dsn
        postgres.stop_server(record)


@pytest.fixture(scope="session")
def settings(bigquery_server, oms_dsn, tmp_path_factory) -> Settings:
    """Settings that point at the session's BigQuery and PostgreSQL."""
    return Settings(
        state_dir=tmp_path_factory.mktemp("state"),
        bigquery_url=bigquery_server["rest_url"],
        bigquery_storage_endpoint=bigquery_server["grpc_endpoint"],
        oms_dsn=oms_dsn,
        pseudonym_key=TEST_KEY,
    )


@pytest.fixture(scope="session")
def stack_settings(settings, pubsub_server) -> Settings:
    """Settings that point at all three servers."""
    return replace(settings, pubsub_endpoint=pubsub_server["endpoint"])


@pytest.fixture(scope="session")
def warehouse_named(settings) -> Callable[[str], Warehouse]:
    """Make a warehouse in the project of that name, all tables empty."""

    def make(project: str) -> Warehouse:
        warehouse = Warehouse(replace(settings, project=project))
        prepare(warehouse)
        return warehouse

    return make


@pytest.fixture(scope="session")
def make_warehouse(warehouse_named) -> Callable[[], Warehouse]:
    """Make a warehouse in a project of its own, all tables empty."""
    return lambda: warehouse_named(f"pbm-test-{next(_numbers)}")


@pytest.fixture(scope="module")
def warehouse(make_warehouse) -> Warehouse:
    """A warehouse for the tests of one module."""
    return make_warehouse()
