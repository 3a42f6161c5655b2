"""The stack as people use it: real servers, started, killed, brought back, stopped."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from typer.testing import CliRunner

from pbm360 import oms
from pbm360.cli import app
from pbm360.local import postgres, stack
from pbm360.local.processes import ProcessRecord
from pbm360.local.stack_file import log_file, read_state
from pbm360.settings import Settings, load_settings
from pbm360.warehouse import Warehouse

SERVERS = ["BigQuery", "Pub/Sub", "PostgreSQL"]
SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]


@pytest.fixture(autouse=True)
def no_other_servers(monkeypatch):
    """No variable of the machine names a server in place of the stack's own."""
    for variables in stack.ELSEWHERE_VARIABLES.values():
        for variable in variables:
            monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def running():
    """A stack of the module's own, as `up` leaves it; the tests may kill its servers but leave them running."""
    with tempfile.TemporaryDirectory(prefix="pbm360-test-") as name:
        settings = Settings(state_dir=Path(name) / ".pbm360")
        stack.up(settings)
        yield settings
        stack.down(settings)


def states(settings) -> dict[str, str]:
    return {row.name: row.state for row in stack.status(settings)}


def pids(settings) -> dict[str, int]:
    return {row.name: row.pid for row in stack.status(settings)}


def loaded(settings) -> Settings:
    return load_settings({"PBM360_STATE_DIR": str(settings.state_dir)})


def listening_addresses(pid: int) -> set[str]:
    """Return where a process listens; gRPC's socket shows 127.0.0.1 in its IPv6 spelling."""
    return {
        c.laddr.ip.removeprefix("::ffff:")
        for c in psutil.Process(pid).net_connections(kind="inet")
        if c.status == psutil.CONN_LISTEN
    }


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_server_answers_at_the_address_that_the_settings_then_know(running):
    settings = loaded(running)
    assert Warehouse(settings).query("select 6 * 7 as answer").to_pylist() == [{"answer": 42}]
    with psycopg.connect(settings.oms_dsn) as connection:
        assert connection.execute("select 42").fetchone() == (42,)
    assert states(running) == dict.fromkeys(SERVERS, "running")
    stack.require_running(running)


def test_every_server_listens_on_the_loopback_address_alone(running):
    found = pids(running)
    assert listening_addresses(found["BigQuery"]) == {"127.0.0.1"}
    assert listening_addresses(found["Pub/Sub"]) == {"127.0.0.1"}
    assert listening_addresses(found["PostgreSQL"]) == set()


def test_addresses_and_key_are_for_the_owner_alone(running):
    assert mode(running.stack_file) == 0o600
    assert mode(running.state_dir / "pseudonym.key") == 0o600
    assert len(loaded(running).pseudonym_key) == 64


def test_up_again_starts_nothing_and_keeps_the_key(running):
    before, key, lines = pids(running), loaded(running).pseudonym_key, []
    addresses = stack.up(running, lines.append)
    assert (pids(running), loaded(running).pseudonym_key, lines) == (before, key, [])
    assert addresses == read_state(running).addresses


@pytest.mark.parametrize("name", SERVERS)
def test_a_killed_server_is_named_and_up_brings_that_one_back_at_its_address(running, name):
    before, addresses = pids(running), read_state(running).addresses
    os.kill(before[name], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before[name])], timeout=10)
    assert states(running) == dict.fromkeys(SERVERS, "running") | {name: "dead"}
    with pytest.raises(stack.StackError, match=rf"{name} \(pid {before[name]}\) is not running; run `pbm360 up`"):
        stack.require_running(running)
    lines = []
    stack.up(running, lines.append)
    assert [line.split(" started")[0] for line in lines] == [name]
    assert {other: pid for other, pid in pids(running).items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }
    assert states(running)[name] == "running"
    assert read_state(running).addresses == addresses


def test_a_lost_stack_file_does_not_start_second_servers_on_the_same_data(running):
    before = pids(running)
    running.stack_file.unlink()
    stack.up(running)
    assert pids(running) == before


def test_an_up_that_was_cut_short_is_taken_up_where_it_stopped(running):
    before, state = pids(running), json.loads(running.stack_file.read_text())
    del state["addresses"]["bigquery_url"]
    running.stack_file.write_text(json.dumps(state))
    with pytest.raises(stack.StackError, match="BigQuery"):
        stack.require_running(running)
    assert "bigquery_url" in stack.up(running)
    assert pids(running) == before


def test_two_checkouts_run_side_by_side_two_ups_start_one_stack_and_data_survive_down(running, folder):
    settings = Settings(state_dir=folder / "second checkout" / ".pbm360")
    lines = []
    ups = [threading.Thread(target=stack.up, args=(settings, lines.append)) for _ in range(2)]
    for thread in ups:
        thread.start()
    for thread in ups:
        thread.join()
    assert sorted(line.split(" started")[0] for line in lines) == sorted(SERVERS)
    assert not set(read_state(running).addresses.values()) & set(read_state(settings).addresses.values())

    first = loaded(settings)
    Warehouse(first).query("create schema kept; create table kept.orders as select 'A17' as order_id")
    oms.migrate(first)
    processes = [read_state(settings).record(name) for name in SERVERS]
    assert stack.down(settings) == [f"{name}: stopped" for name in SERVERS]
    assert [record.process() for record in processes] == [None, None, None]
    assert states(settings) == dict.fromkeys(SERVERS, "not started")
    assert states(running) == dict.fromkeys(SERVERS, "running")
    assert stack.down(settings) == ["nothing runs here"]

    addresses = stack.up(settings)
    try:
        again = loaded(settings)
        assert addresses["bigquery_url"] == first.bigquery_url
        assert addresses["pubsub_endpoint"] == first.pubsub_endpoint
        assert Warehouse(again).query("select order_id from kept.orders").to_pylist() == [{"order_id": "A17"}]
        assert oms.migrate(again) == []  # they were applied before the stop
    finally:
        stack.down(settings)


def test_down_stops_what_commands_left_running_feeders_first(folder):
    settings = Settings(state_dir=folder)
    names = ["dashboards", "stream", "report", "simulate"]
    started = {name: stack.spawn(settings, name, SLEEP).pid for name in names}
    assert {name: pid for name, pid in pids(settings).items() if name in names} == started
    assert stack.down(settings) == [f"{name}: stopped" for name in ("report", "simulate", "stream", "dashboards")]
    assert not any(psutil.pid_exists(pid) for pid in started.values())


def test_spawn_replaces_what_runs_under_the_name_and_keeps_its_log(folder):
    settings = Settings(state_dir=folder)
    first = stack.spawn(settings, "stream", SLEEP)
    second = stack.spawn(settings, "stream", [sys.executable, "-c", "print('read 12 messages')"])
    assert not psutil.pid_exists(first.pid)
    deadline = time.monotonic() + 20
    while second.process() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert log_file(settings, "stream").read_text() == "read 12 messages\n"
    assert states(settings)["stream"] == "dead"
    assert stack.down(settings) == ["stream: did not run"]


def test_a_registered_process_is_stopped_by_down_and_its_name_is_taken(folder):
    settings = Settings(state_dir=folder)
    first, second = psutil.Popen(SLEEP), psutil.Popen(SLEEP)
    try:
        stack.register_process(settings, "stream", first.pid)
        with pytest.raises(stack.StackError, match=rf"stream already runs \(pid {first.pid}\)"):
            stack.register_process(settings, "stream", second.pid)
        assert stack.down(settings) == ["stream: stopped"]
        assert second.is_running()
    finally:
        second.kill()
        second.wait()


def test_a_stale_file_whose_pid_another_program_has_harms_nobody(folder):
    settings = Settings(state_dir=folder)
    stranger = psutil.Popen(SLEEP)
    try:
        stack.register_process(settings, "BigQuery", stranger.pid)
        state = json.loads(settings.stack_file.read_text())
        state["processes"]["BigQuery"] |= {"create_time": 1.0, "start_mark": "another-boot:1"}
        settings.stack_file.write_text(json.dumps(state))
        assert states(settings)["BigQuery"] == "dead"
        with pytest.raises(stack.StackError, match="not running"):
            stack.require_running(settings)
        assert stack.down(settings) == ["BigQuery: did not run"]
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_will_not_start_is_said_with_the_end_of_its_log_and_the_others_stay_known(folder):
    settings = Settings(state_dir=folder)
    (folder / "bigquery").mkdir()
    (folder / "bigquery" / "bqemulator.duckdb").write_bytes(b"no database at all" * 1000)
    with pytest.raises(stack.StackError, match=r"BigQuery ended at once; its log .*bigquery.log ends:\n(?s:.)*duckdb"):
        stack.up(settings)
    assert states(settings)["BigQuery"] == "dead"
    record = read_state(settings).record("Pub/Sub")
    assert record.process() is not None
    assert stack.down(settings) == ["BigQuery: did not run", "Pub/Sub: stopped", "PostgreSQL: stopped"]
    assert record.process() is None


def test_a_server_that_a_variable_names_elsewhere_is_neither_started_nor_missed(folder, monkeypatch):
    monkeypatch.setenv("PBM360_BIGQUERY_URL", "http://127.0.0.1:9050")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085")
    settings = Settings(state_dir=folder)
    assert states(settings) == {"BigQuery": "elsewhere", "Pub/Sub": "elsewhere", "PostgreSQL": "not started"}
    assert list(stack.up(settings)) == ["oms_dsn"]
    stack.require_running(settings)
    assert stack.down(settings) == ["PostgreSQL: stopped"]


def test_nothing_started_is_said_plainly(folder):
    settings = Settings(state_dir=folder)
    assert stack.down(settings) == ["nothing was started here"]
    assert states(settings) == dict.fromkeys(SERVERS, "not started")
    with pytest.raises(stack.StackError, match="BigQuery, Pub/Sub, PostgreSQL are not running; run `pbm360 up`"):
        stack.require_running(settings)


def test_a_postgresql_that_the_stack_did_not_note_is_found(folder):
    settings = Settings(state_dir=folder)
    _, record = postgres.start(folder / "postgres")
    try:
        assert isinstance(record, ProcessRecord)
        assert postgres.start(folder / "postgres")[1] == record
        assert states(settings)["PostgreSQL"] == "not started"
    finally:
        postgres.stop_server(record)


def test_status_says_by_which_command_each_process_is_started(tmp_path):
    settings = Settings(state_dir=tmp_path / ".pbm360")
    record = stack.spawn(settings, "stream", SLEEP)
    process = psutil.Process(record.pid)
    process.kill()
    psutil.wait_procs([process], timeout=10)
    told = CliRunner().invoke(app, ["status"], env={"PBM360_STATE_DIR": str(settings.state_dir)})
    assert told.exit_code == 3
    assert "`pbm360 speed-layer start` starts stream" in told.output
    assert f"`pbm360 up` starts {', '.join(SERVERS)}" in told.output
