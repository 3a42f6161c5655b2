"""Servers and a stream that can be killed at any moment and come again at the same addresses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from pbm360.settings import Settings
from tests.benchmarks.processes import start_stream

ANSWER_SECONDS = 240
ACK_DEADLINE_SECONDS = 10


class Killable:
    """A process that can be killed; `process` runs, or ran last, and `log` is the file of all that was ever said."""

    process: subprocess.Popen
    log: Path

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def assert_runs(self) -> None:
        """Raise `AssertionError`, with the log's end, where it has ended by itself."""
        ended = self.process.poll()
        assert ended is None, f"it has ended by itself, with {ended}: {self.log.read_text()[-2000:]}"


class KillableServer(Killable):
    """One server module of the local stack on a folder of its own, always on the ports of its first start."""

    def __init__(self, module: str, folder: Path, *options: str):
        self._ready, self.log = folder.with_suffix(".ready.json"), folder.with_suffix(".log")
        self._command = [sys.executable, "-m", module, "--data-dir", str(folder), "--ready-file", str(self._ready)]
        self._command += options
        self._ports: list[str] = []
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._ready.unlink(missing_ok=True)
        with self.log.open("a") as lines:
            self.process = subprocess.Popen([*self._command, *self._ports], stdout=lines, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._ready.exists():
            ended = self.process.poll()
            assert ended is None, f"a server ended with {ended}: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, "a server does not answer"
            time.sleep(0.05)
        self.addresses = json.loads(self._ready.read_text())
        options = {"rest_url": "--rest-port", "grpc_endpoint": "--grpc-port", "endpoint": "--port"}
        self._ports = [
            text
            for key, option in options.items()
            if key in self.addresses
            for text in (option, self.addresses[key].rsplit(":", 1)[1].rstrip("/"))
        ]


class KillableStream(Killable):
    """`pbm360 stream` as a process of its own."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self.log = settings.state_dir / "stream.log"
        self.start()

    def start(self) -> None:
        """Start it; it takes messages a few seconds later."""
        self.process = start_stream(self._settings, log=self.log)


def killable_servers(folder: Path, settings: Settings) -> tuple[dict[str, KillableServer], Settings]:
    """Start a warehouse and a Pub/Sub of their own; returns them and the settings that point at them."""
    servers = {
        "warehouse": KillableServer("pbm360.local.bigquery", folder / "bigquery"),
        "Pub/Sub": KillableServer("pbm360.local.pubsub", folder / "pubsub"),
    }
    warehouse, pubsub = servers["warehouse"].addresses, servers["Pub/Sub"].addresses
    state_dir = folder / "state"
    state_dir.mkdir()
    return servers, replace(
        settings,
        state_dir=state_dir,
        bigquery_url=warehouse["rest_url"],
        bigquery_storage_endpoint=warehouse["grpc_endpoint"],
        pubsub_endpoint=pubsub["endpoint"],
    )
