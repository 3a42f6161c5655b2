"""Start the stack's own server modules (BigQuery, Pub/Sub) and learn their addresses."""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from pbm360.local.processes import ProcessRecord, start_recorded, stop, tail

START_SECONDS = 90


class ServerError(RuntimeError):
    """A server does not start; the text holds the end of its log."""


@dataclass(frozen=True)
class Endpoint:
    """An address of a server: the option that sets its port, its key in the ready file, its name in the settings."""

    option: str
    ready_key: str
    setting: str


@dataclass(frozen=True)
class Server:
    """A server that is a module of ours: `python -m <module> --data-dir D --ready-file F [--port N]`.

    Once it answers, its ready file holds its addresses and its pid as JSON.
    """

    name: str
    module: str
    folder: str
    endpoints: tuple[Endpoint, ...]

    def start(self, state_dir: Path, ports: dict[str, int], log: Path) -> ProcessRecord:
        """Start the server, on these ports where they are free; or find the one that runs on the data folder."""
        data_dir, ready = state_dir / self.folder, self._ready_file(state_dir)
        running = self._running(data_dir, ready)
        if running:
            return running
        data_dir.mkdir(parents=True, exist_ok=True)
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", self.module, "--data-dir", str(data_dir), "--ready-file", str(ready)]
        for option, port in ports.items():
            command += [option, str(port)] if is_free(port) else []
        return start_recorded(command, log)

    def wait(self, state_dir: Path, record: ProcessRecord, log: Path) -> dict[str, str]:
        """Return the addresses, by setting, once the server answers. Raises `ServerError` where it does not."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            ready = _read(self._ready_file(state_dir))
            has_ended = record.process() is None
            if ready.get("pid") == record.pid and not has_ended:
                return {endpoint.setting: ready[endpoint.ready_key] for endpoint in self.endpoints}
            if has_ended or time.monotonic() > deadline:
                why = "ended at once" if has_ended else f"did not answer within {START_SECONDS} s"
                stop(record)
                raise ServerError(f"{self.name} {why}; its log {log} ends:\n{tail(log)}")
            time.sleep(0.02)

    def ports(self, addresses: dict[str, str]) -> dict[str, int]:
        """Return the port of each option, as the addresses have it."""
        return {each.option: int(addresses[each.setting].rsplit(":", 1)[1].rstrip("/")) for each in self.endpoints}

    def _running(self, data_dir: Path, ready: Path) -> ProcessRecord | None:
        """Return a server that was started on the data folder, though the stack's file may not know it any more."""
        pid = _read(ready).get("pid")
        try:
            command = psutil.Process(pid).cmdline() if pid else []
            return ProcessRecord.of(pid) if self.module in command and str(data_dir) in command else None
        except psutil.Error:  # gone, or another user's
            return None

    def _ready_file(self, state_dir: Path) -> Path:
        return state_dir / f"{self.folder}.ready.json"


SERVERS = (
    Server(
        "BigQuery",
        "pbm360.local.bigquery",
        "bigquery",
        (
            Endpoint("--rest-port", "rest_url", "bigquery_url"),
            Endpoint("--grpc-port", "grpc_endpoint", "bigquery_storage_endpoint"),
        ),
    ),
    Server("Pub/Sub", "pbm360.local.pubsub", "pubsub", (Endpoint("--port", "endpoint", "pubsub_endpoint"),)),
)


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do; old connections don't count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _read(ready: Path) -> dict:
    try:
        return json.loads(ready.read_text())
    except FileNotFoundError:
        return {}
