"""Start, recognise and stop processes that outlive the command that starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 20  # how long a process may take to end before it is killed
KILL_SECONDS = 5  # how long the system may take to clear a killed one away
CREATE_TIME_TOLERANCE_SECONDS = 2.0  # where the system has no better mark: its wall clock may be corrected meanwhile
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ProcessRecord:
    """A process as it was started: a pid alone may have been given to another process since.

    `create_time` is in seconds since 1970 (UTC). `start_mark`, where the system has one (Linux), is the boot and the
    clock tick at which the process began; unlike the time it does not move when the wall clock is set.
    """

    pid: int
    create_time: float
    start_mark: str = ""

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        """Take down a running process; raises `psutil.NoSuchProcess` where there is none."""
        return cls(pid, psutil.Process(pid).create_time(), read_start_mark(pid))

    def to_dict(self) -> dict:
        """Return the record as it stands in the stack's file."""
        return asdict(self)

    def process(self) -> psutil.Process | None:
        """Return the process while it is the one that was started and has not ended."""
        try:
            process = psutil.Process(self.pid)
            return process if self._is_same(process) and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def _is_same(self, process: psutil.Process) -> bool:
        if self.start_mark:
            return read_start_mark(self.pid) == self.start_mark
        return abs(process.create_time() - self.create_time) < CREATE_TIME_TOLERANCE_SECONDS


def read_start_mark(pid: int) -> str:
    """Return what tells a process from any other that had or will have its pid; empty where the system has no such."""
    try:
        fields_after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{BOOT_ID.read_text().strip()}:{fields_after_name[19]}"  # start time: field 22 of proc(5)
    except OSError:
        return ""


def start_detached(
    arguments: list[str], log: Path, environment: dict[str, str] | None = None, user: str | None = None
) -> subprocess.Popen:
    """Start a process in a session of its own; what it prints goes to the log. `user`: whom it runs as (root only)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as lines:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | (environment or {}),
            user=user,
        )


def start_recorded(
    arguments: list[str], log: Path, environment: dict[str, str] | None = None, user: str | None = None
) -> ProcessRecord:
    """Start a process as `start_detached` does and take it down, even where it ends at once."""
    child = start_detached(arguments, log, environment, user)  # while it is held, the system keeps its ended process
    return ProcessRecord.of(child.pid)


def stop(record: ProcessRecord, first_signal: int = signal.SIGTERM) -> bool:
    """Ask a process to end, wait, and kill it where it does not; children that it leaves behind are ended too.

    Returns False where it did not run.
    """
    process = record.process()
    if process is None:
        return False
    family = _children(process)
    _signal(process, first_signal)
    if not _has_ended(record, STOP_SECONDS):
        family += [child for child in _children(process) if child not in family]
        _signal(process, signal.SIGKILL)
        _has_ended(record, KILL_SECONDS)
    _end_all(family)
    return True


def reap_child(pid: int) -> None:
    """Take the exit code of an ended child, so that it does not linger as a zombie; another's process is left alone."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def tail(log: Path, characters: int = 1500) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-characters:] if log.exists() else ""


def _has_ended(record: ProcessRecord, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while record.process() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    reap_child(record.pid)
    return True


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _end_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=KILL_SECONDS)
    for process in alive:
        _signal(process, signal.SIGKILL)
