"""Processes are recognised by more than their pid, and stopped with what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from pbm360.local import processes
from pbm360.local.processes import ProcessRecord, start_detached, start_recorded, stop, tail

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(300)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(child.pid, flush=True)
time.sleep(300)
"""


def wait_for_line(log) -> str:
    deadline = time.monotonic() + 20
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the process printed nothing"
        time.sleep(0.01)
    return log.read_text().strip()


@pytest.fixture
def sleeper(tmp_path):
    process = start_detached(SLEEP, tmp_path / "sleeper.log")
    yield process
    process.kill()
    process.wait()


def test_a_started_process_is_recognised_until_it_ends(sleeper):
    record = ProcessRecord.of(sleeper.pid)
    assert record.process().pid == sleeper.pid
    assert ProcessRecord(**record.to_dict()) == record
    assert stop(record)
    assert record.process() is None
    assert not stop(record)


def test_a_pid_that_another_process_has_by_now_is_neither_running_nor_stopped(sleeper):
    mine = ProcessRecord.of(sleeper.pid)
    older = ProcessRecord(sleeper.pid, mine.create_time - 3600, "another-boot:17" if mine.start_mark else "")
    assert older.process() is None
    assert not stop(older)
    assert sleeper.poll() is None


def test_a_record_without_a_mark_is_told_by_its_time_of_creation(sleeper):
    create_time = ProcessRecord.of(sleeper.pid).create_time
    assert ProcessRecord(sleeper.pid, create_time).process() is not None
    assert ProcessRecord(sleeper.pid, create_time - 60).process() is None


def test_a_corrected_wall_clock_does_not_hide_a_running_process(sleeper):
    record = ProcessRecord.of(sleeper.pid)
    if record.start_mark:  # where the system has no mark, the time is all there is
        assert ProcessRecord(record.pid, record.create_time + 3600, record.start_mark).process() is not None


def test_an_ended_child_that_nobody_waited_for_does_not_count_as_running(sleeper):
    record = ProcessRecord.of(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.Process(sleeper.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert record.process() is None


def test_a_process_that_ignores_the_request_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    log = tmp_path / "stubborn.log"
    process = start_detached([sys.executable, "-c", STUBBORN], log)
    wait_for_line(log)
    record = ProcessRecord.of(process.pid)
    assert stop(record)
    assert record.process() is None


def test_children_that_a_process_leaves_behind_are_ended(tmp_path):
    log = tmp_path / "parent.log"
    parent = start_detached([sys.executable, "-c", PARENT], log)
    child = ProcessRecord.of(int(wait_for_line(log)))
    assert stop(ProcessRecord.of(parent.pid))
    assert child.process() is None


def test_a_started_process_has_a_session_of_its_own_and_a_log(tmp_path):
    log = tmp_path / "logs" / "talker.log"
    process = start_detached(
        [sys.executable, "-c", "import os; print(os.getsid(0), os.environ['COLOUR'])"], log, {"COLOUR": "blue"}
    )
    process.wait(20)
    assert log.read_text().split() == [str(process.pid), "blue"]
    assert process.pid != os.getsid(0)


def test_a_process_that_ends_at_once_is_taken_down_and_known_to_have_ended(tmp_path):
    for _ in range(20):
        record = start_recorded(["/bin/true"], tmp_path / "brief.log")
        while record.process() is not None:
            time.sleep(0.001)


def test_a_log_is_shown_by_its_end(tmp_path):
    log = tmp_path / "long.log"
    log.write_text("first" + "x" * 50 + "last")
    assert tail(log, 6) == "xxlast"
    assert tail(tmp_path / "none.log") == ""


def test_what_never_ran_can_not_be_taken_down():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(psutil.NoSuchProcess):
        ProcessRecord.of(ended.pid)
