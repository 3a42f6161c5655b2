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
CREATE_TIME_TOLERANCE_SECONDS = 0.5  # the kernel's clock ticks are coarse


@dataclass(frozen=True)
class ProcessRecord:
    """A process as it was started: a pid alone may have been given to another process since."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        """Take down a running process."""
        return cls(pid, psutil.Process(pid).create_time())

    def to_dict(self) -> dict:
        """Return the record as it stands in the stack's file."""
        return asdict(self)

    def process(self) -> psutil.Process | None:
        """Return the process while it is the one that was started and has not ended."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.create_time) < CREATE_TIME_TOLERANCE_SECONDS
            return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def start_detached(arguments: list[str], log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen:
    """Start a process in a session of its own; what it prints goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as lines:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )


def stop(record: ProcessRecord, first_signal: int = signal.SIGTERM) -> bool:
    """Ask a process to end, wait, and kill it where it does not. Returns False where it did not run."""
    process = record.process()
    if process is None:
        return False
    process.send_signal(first_signal)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if record.process() is None:
            return True
        reap_child(record.pid)
        time.sleep(0.05)
    for member in [*process.children(recursive=True), process]:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
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
