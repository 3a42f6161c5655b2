"""Start, watch and stop the local stack: BigQuery, Pub/Sub and PostgreSQL, each a process of its own on 127.0.0.1."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pbm360.local import postgres
from pbm360.local.processes import ProcessRecord, start_recorded, stop
from pbm360.local.servers import SERVERS, Server, ServerError
from pbm360.local.stack_file import StackState, changing_state, log_file, read_state, write_state
from pbm360.settings import LOCAL_KEY_FILE, Settings

FOLDERS = {server.name: server.folder for server in SERVERS} | {postgres.SERVER_NAME: "postgres"}
ADDRESSES = {server.name: server.endpoints[0].setting for server in SERVERS} | {postgres.SERVER_NAME: "oms_dsn"}
STOPPED_FIRST = ("simulate", "stream", "dashboards")  # what feeds comes before what reads; the servers come last
ELSEWHERE_VARIABLES = {
    "BigQuery": ("PBM360_BIGQUERY_URL",),
    "Pub/Sub": ("PBM360_PUBSUB_ENDPOINT", "PUBSUB_EMULATOR_HOST"),
    "PostgreSQL": ("PBM360_OMS_DSN",),
}


class StackError(RuntimeError):
    """A server of the local stack does not run, or will not start; the text says what to do."""


@dataclass(frozen=True)
class ProcessState:
    """One process of the stack, as `pbm360 status` shows it.

    `state` is running, dead (it was started and has ended by itself), not started, or elsewhere (a variable names
    another server in its place, which is not ours to watch).
    """

    name: str
    state: str
    address: str
    pid: int | None
    uptime: str
    data_size: str


def up(settings: Settings, progress: Callable[[str], object] = lambda text: None) -> dict[str, str]:
    """Start every server that does not run, all at once, and return the addresses of all, named as in the settings.

    Harmless twice, and by two at once. Ports of an earlier run are taken again where they are free. Raises
    `StackError` with the end of a server's log where it does not start; those that did stay up.
    """
    with changing_state(settings) as state:
        make_key(settings)
        missing = [name for name in FOLDERS if not _is_elsewhere(name) and not _is_up(state, name)]
        started = time.monotonic()
        try:
            _start_missing(settings, state, missing, lambda name: progress(_line(name, started)))
        except (ServerError, postgres.PostgresError) as error:
            raise StackError(str(error)) from error
        return state.addresses


def down(settings: Settings) -> list[str]:
    """Stop what commands have left running, then the servers; returns a line for each. The data stay."""
    if not settings.stack_file.exists():
        return ["nothing was started here"]
    lines = []
    with changing_state(settings) as state:
        for name in _stop_order(state):
            was_running = _stop(state, name)
            lines.append(f"{name}: {'stopped' if was_running else 'did not run'}")
            state.addresses.pop(ADDRESSES.get(name, ""), None)
            write_state(settings, state)
        state.addresses.clear()
        write_state(settings, state)
    return lines or ["nothing runs here"]


def status(settings: Settings) -> list[ProcessState]:
    """Describe every server of the stack and every process that a command has left running."""
    state = read_state(settings)
    others = [name for name in state.processes if name not in FOLDERS]
    return [_describe(settings, state, name) for name in [*FOLDERS, *others]]


def require_running(settings: Settings) -> None:
    """Raise `StackError` unless every server runs, naming those that do not."""
    state = read_state(settings)
    missing = [name for name in FOLDERS if not _is_elsewhere(name) and not _is_up(state, name)]
    if missing:
        named = [f"{name} (pid {state.record(name).pid})" if state.record(name) else name for name in missing]
        verb = "is" if len(named) == 1 else "are"
        raise StackError(f"{', '.join(named)} {verb} not running; run `pbm360 up`")


def spawn(
    settings: Settings, name: str, arguments: list[str], environment: dict[str, str] | None = None
) -> ProcessRecord:
    """Start a background process that `down` stops; one that already runs under the name is stopped first.

    It outlives the command that starts it and writes to `log_file(settings, name)`. Returns what it is known by.
    """
    with changing_state(settings) as state:
        if state.is_running(name):
            _stop(state, name)
        record = start_recorded(arguments, log_file(settings, name), environment)
        _note(settings, state, name, record)
        return record


def register_process(settings: Settings, name: str, pid: int) -> None:
    """Have `down` stop a running process that was started otherwise. Raises `StackError` where the name is taken."""
    with changing_state(settings) as state:
        record = ProcessRecord.of(pid)
        if state.is_running(name) and state.record(name) != record:
            raise StackError(f"{name} already runs (pid {state.record(name).pid}); stop it first, or run `pbm360 down`")
        _note(settings, state, name, record)


def stop_process(settings: Settings, name: str) -> bool:
    """Stop one background process that `spawn` started; returns False where it did not run."""
    with changing_state(settings) as state:
        was_running = state.is_running(name)
        if state.record(name):
            _stop(state, name)
            write_state(settings, state)
        return was_running


def make_key(settings: Settings) -> None:
    """Make the laptop's own key of the pseudonyms, once; readable by its owner alone."""
    path = settings.state_dir / LOCAL_KEY_FILE
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        draft.replace(path)  # so that no command reads a part of it


def _start_missing(settings: Settings, state: StackState, missing: list[str], started: Callable[[str], object]) -> None:
    """Start the missing servers; each is noted before it answers, so that nothing runs that `down` does not know."""
    servers = [server for server in SERVERS if server.name in missing]
    for server in servers:
        if not state.is_running(server.name):  # else an `up` was cut short while it started
            _note(settings, state, server.name, _begin(settings, state, server))
    if postgres.SERVER_NAME in missing:
        folder = settings.state_dir / FOLDERS[postgres.SERVER_NAME]
        dsn, record = postgres.start(folder, log_file(settings, postgres.SERVER_NAME))
        _note(settings, state, postgres.SERVER_NAME, record, {"oms_dsn": dsn})
        started(postgres.SERVER_NAME)
    for server in servers:
        record = state.record(server.name)
        addresses = server.wait(settings.state_dir, record, log_file(settings, server.name))
        state.ports[server.name] = server.ports(addresses)
        _note(settings, state, server.name, record, addresses)
        started(server.name)


def _begin(settings: Settings, state: StackState, server: Server) -> ProcessRecord:
    for endpoint in server.endpoints:
        state.addresses.pop(endpoint.setting, None)
    return server.start(settings.state_dir, state.ports.get(server.name, {}), log_file(settings, server.name))


def _note(
    settings: Settings, state: StackState, name: str, record: ProcessRecord, addresses: Mapping[str, str] | None = None
) -> None:
    state.processes[name] = record.to_dict()
    state.addresses |= addresses or {}
    write_state(settings, state)


def _is_up(state: StackState, name: str) -> bool:
    return state.is_running(name) and ADDRESSES[name] in state.addresses


def _is_elsewhere(name: str) -> bool:
    """Say whether a variable names another server in this one's place, as the settings have taken it."""
    return any(os.environ.get(variable) for variable in ELSEWHERE_VARIABLES[name])


def _stop_order(state: StackState) -> list[str]:
    known = [name for name in (*STOPPED_FIRST, *FOLDERS) if name in state.processes]
    return [*(name for name in state.processes if name not in known), *known]


def _stop(state: StackState, name: str) -> bool:
    record = ProcessRecord(**state.processes.pop(name))
    return postgres.stop_server(record) if name == postgres.SERVER_NAME else stop(record)


def _describe(settings: Settings, state: StackState, name: str) -> ProcessState:
    record = state.record(name)
    is_running = state.is_running(name)
    address = state.addresses.get(ADDRESSES.get(name, ""), "")
    folder = settings.state_dir / FOLDERS.get(name, "")
    if name in FOLDERS and _is_elsewhere(name):
        return ProcessState(name, "elsewhere", "", None, "", "")
    return ProcessState(
        name=name,
        state="running" if is_running else ("dead" if record else "not started"),
        address="unix socket" if address and name == postgres.SERVER_NAME else address,
        pid=record.pid if record else None,
        uptime=str(timedelta(seconds=int(time.time() - record.create_time))) if is_running else "",
        data_size=f"{_size_bytes(folder) / 1e6:,.1f} MB" if name in FOLDERS else "",
    )


def _size_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # a server has removed it meanwhile
            continue
    return total


def _line(name: str, started: float) -> str:
    return f"{name} started ({time.monotonic() - started:.1f} s)"
