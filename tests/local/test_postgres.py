"""PostgreSQL starts wherever a checkout may lie, and comes back after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

import psutil
import psycopg
import pytest

from pbm360.local import postgres
from pbm360.local.processes import ProcessRecord


def answer(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return connection.execute("select 42").fetchone()[0]


def listeners(pid: int) -> list[str]:
    return [c.laddr.ip for c in psutil.Process(pid).net_connections(kind="inet") if c.status == psutil.CONN_LISTEN]


@pytest.fixture
def start():
    """Start servers that the test need not stop."""
    records = []

    def run(data_dir):
        dsn, record = postgres.start(data_dir)
        records.append(record)
        return dsn, record

    yield run
    for record in records:
        postgres.stop_server(record)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('o\'brien "100%", inc', id="blanks and quotes"),
        pytest.param("deep" * 40, id="longer than a socket"),
    ],
)
def test_a_folder_of_any_name_will_do(start, folder, monkeypatch, name):
    monkeypatch.setattr(tempfile, "tempdir", str(folder))  # where the socket goes that its folder can't hold
    dsn, _ = start(folder / name / "postgres")
    assert answer(dsn) == 42


def test_it_listens_on_no_port_comes_back_after_a_kill_and_keeps_what_was_committed(start, folder):
    dsn, record = start(folder / "postgres")
    assert listeners(record.pid) == []
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept (fill_number integer)")
        connection.execute("insert into kept values (7)")
    assert start(folder / "postgres") == (dsn, record)  # found running, not started twice
    os.kill(record.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(record.pid)], timeout=10)
    again, later = start(folder / "postgres")
    assert later.pid != record.pid
    with psycopg.connect(again) as connection:
        assert connection.execute("select fill_number from kept").fetchone() == (7,)


def test_a_pid_file_that_names_another_program_is_passed_over(start, folder):
    data_dir = folder / "postgres"
    _, record = start(data_dir)
    lines = (data_dir / "postmaster.pid").read_text().splitlines()
    assert postgres.stop_server(record)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    (data_dir / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    try:
        dsn, later = start(data_dir)
        assert answer(dsn) == 42
        assert later.pid != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_will_not_start_shows_the_end_of_its_log(start, folder):
    data_dir = folder / "postgres"
    _, record = start(data_dir)
    postgres.stop_server(record)
    with (data_dir / "postgresql.conf").open("a") as lines:
        lines.write("shared_buffers = 'plenty'\n")
    with pytest.raises(postgres.PostgresError, match=r"ended at once; its log .*(?s:.)*shared_buffers"):
        postgres.start(data_dir)
    assert ProcessRecord(record.pid, record.create_time, record.start_mark).process() is None
