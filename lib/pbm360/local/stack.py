"""Start, watch and stop the local stack: BigQuery, Pub/Sub and PostgreSQL, each a process of its own on 127.0.0.1."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pbm360.local import postgres
from pbm360.local.processes import ProcessRecord, start_detached, stop, tail
from pbm360.settings import LOCAL_KEY_FILE, Settings

START_SECONDS = 90
BIGQUERY, PUBSUB = "BigQuery", "Pub/Sub"
SERVERS = (BIGQUERY, PUBSUB, postgres.SERVER_NAME)
MODULES = {BIGQUERY: "pbm360.local.bigquery", PUBSUB: "pbm360.local.pubsub"}
FOLDERS = {BIGQUERY: "bigquery", PUBSUB: "pubsub", postgres.SERVER_NAME: "postgres"}


class StackError(RuntimeError):
    """A server of the local stack does not run, or will not start; the text says what to do."""


@dataclass(frozen=True)
class ProcessState:
    """One process of the stack, as `pbm360 status` shows it."""

    name: str
    state: str
    address: str
    pid: int | None
    uptime: str
    data_size: str


def up(settings: Settings, progress: Callable[[str], object] = lambda text: None) -> dict[str, str]:
    """Start every server that does not run and return the addresses of all. Harmless twice, and by two at once."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with _lock(settings):
        _make_key(settings)
        state = _read(settings)
        starting = {name: _start(settings, state, name) for name in MODULES if not _is_running(state, name)}
        if not _is_running(state, postgres.SERVER_NAME):
            dsn, record = postgres.start(settings.state_dir / FOLDERS[postgres.SERVER_NAME])
            _note(settings, state, postgres.SERVER_NAME, record, {"oms_dsn": dsn})
            progress(f"{postgres.SERVER_NAME} started")
        for name, (process, ready) in starting.items():
            addresses = _wait_until_ready(settings, name, process, ready)
            _note(settings, state, name, ProcessRecord.of(process.pid), addresses)
            progress(f"{name} started")
        return state["addresses"]


def down(settings: Settings) -> list[str]:
    """Stop what commands have started, then the servers; returns a line for each. The data stay."""
    if not settings.stack_file.exists():
        return ["nothing was started here"]
    with _lock(settings):
        state = _read(settings)
        names = [name for name in reversed(state["processes"]) if name not in SERVERS]
        lines = []
        for name in [*names, *(name for name in SERVERS if name in state["processes"])]:
            record = _record(state, name)
            was_running = postgres.stop_server(record) if name == postgres.SERVER_NAME else stop(record)
            lines.append(f"{name}: {'stopped' if was_running else 'did not run'}")
        state["processes"], ports = {}, state.get("ports", {})
        _write(settings, {"addresses": {}, "processes": {}, "ports": ports})
        return lines


def status(settings: Settings) -> list[ProcessState]:
    """Describe every server of the stack and every process that a command has left running."""
    state = _read(settings)
    names = [*SERVERS, *(name for name in state["processes"] if name not in SERVERS)]
    return [_describe(settings, state, name) for name in names]


def require_running(settings: Settings) -> None:
    """Raise `StackError` unless every server runs, naming those that do not."""
    state = _read(settings)
    missing = [name for name in SERVERS if not _is_running(state, name)]
    if missing:
        were = [
            f"{name} (pid {state['processes'][name]['pid']})" if name in state["processes"] else name
            for name in missing
        ]
        raise StackError(f"not running: {', '.join(were)}; run `pbm360 up`")


def spawn(settings: Settings, name: str, arguments: list[str], environment: dict[str, str] | None = None) -> int:
    """Start a background process that `down` stops; one that already runs under the name is stopped first."""
    with _lock(settings):
        state = _read(settings)
        if _is_running(state, name):
            stop(_record(state, name))
        process = start_detached(arguments, log_file(settings, name), environment)
        _note(settings, state, name, ProcessRecord.of(process.pid), {})
        return process.pid


def log_file(settings: Settings, name: str) -> Path:
    """Where a process of the stack writes what it prints."""
    return settings.state_dir / "logs" / f"{name.lower().replace('/', '')}.log"


def _start(settings: Settings, state: dict, name: str):
    folder = settings.state_dir / FOLDERS[name]
    folder.mkdir(parents=True, exist_ok=True)
    ready = settings.state_dir / f"{FOLDERS[name]}.ready.json"
    ready.unlink(missing_ok=True)
    arguments = [sys.executable, "-m", MODULES[name], "--data-dir", str(folder), "--ready-file", str(ready)]
    for option, port in state.get("ports", {}).get(name, {}).items():
        if _is_free(port):
            arguments += [option, str(port)]
    return start_detached(arguments, log_file(settings, name)), ready


def _wait_until_ready(settings: Settings, name: str, process, ready: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            log = log_file(settings, name)
            why = "ended at once" if process.poll() is not None else f"did not answer within {START_SECONDS} s"
            raise StackError(f"{name} {why}; its log {log} ends:\n{tail(log)}")
        time.sleep(0.05)
    found = json.loads(ready.read_text())
    if name == PUBSUB:
        return {"pubsub_endpoint": found["endpoint"]}
    return {"bigquery_url": found["rest_url"], "bigquery_storage_endpoint": found["grpc_endpoint"]}


def _note(settings: Settings, state: dict, name: str, record: ProcessRecord, addresses: dict[str, str]) -> None:
    state["processes"][name] = record.to_dict()
    state["addresses"] |= addresses
    if name == PUBSUB:
        state["ports"][name] = {"--port": _port(addresses["pubsub_endpoint"])}
    elif name == BIGQUERY:
        state["ports"][name] = {
            "--rest-port": _port(addresses["bigquery_url"]),
            "--grpc-port": _port(addresses["bigquery_storage_endpoint"]),
        }
    _write(settings, state)


def _describe(settings: Settings, state: dict, name: str) -> ProcessState:
    record = _record(state, name) if name in state["processes"] else None
    process = record.process() if record else None
    address = {
        BIGQUERY: state["addresses"].get("bigquery_url", ""),
        PUBSUB: state["addresses"].get("pubsub_endpoint", ""),
        postgres.SERVER_NAME: "unix socket" if "oms_dsn" in state["addresses"] else "",
    }.get(name, "")
    folder = settings.state_dir / FOLDERS.get(name, "")
    return ProcessState(
        name=name,
        state="running" if process else ("dead" if record else "not started"),
        address=address,
        pid=record.pid if record else None,
        uptime=str(timedelta(seconds=int(time.time() - process.create_time()))) if process else "",
        data_size=_size(folder) if name in FOLDERS and folder.exists() else "",
    )


def _size(folder: Path) -> str:
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{sum(sizes) / 1e6:,.1f} MB"


def _read(settings: Settings) -> dict:
    empty = {"addresses": {}, "processes": {}, "ports": {}}
    return empty | json.loads(settings.stack_file.read_text()) if settings.stack_file.exists() else empty


def _write(settings: Settings, state: dict) -> None:
    draft = settings.stack_file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(settings.stack_file)


def _record(state: dict, name: str) -> ProcessRecord:
    return ProcessRecord(**state["processes"][name])


def _is_running(state: dict, name: str) -> bool:
    return name in state["processes"] and _record(state, name).process() is not None


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1].rstrip("/"))


def _is_free(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _make_key(settings: Settings) -> None:
    """Make the laptop's own key of the pseudonyms, once; readable by its owner alone."""
    path = settings.state_dir / LOCAL_KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as lines:
        lines.write(secrets.token_hex(32))


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    with (settings.state_dir / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
