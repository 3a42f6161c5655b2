"""A real Airflow for the tests of the schedule: one metadata database, its home, its alerts' receiver."""

from __future__ import annotations

import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = "pbm-airflow"
_numbers = itertools.count(1)


@dataclass
class Airflow:
    """An Airflow with a home of its own and this repository's DAGs; `alerts` are those that were posted."""

    home: Path
    environment: dict[str, str]
    alerts: list[dict] = field(default_factory=list)

    def start(self, **variables: str) -> Commands:
        """Start a process that runs `airflow` commands."""
        command = [sys.executable, "-m", "tests.dags.airflow_commands"]
        log = (self.home / f"commands-{next(_numbers)}.log").open("w+")
        process = subprocess.Popen(
            command,
            env=self.environment | variables,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        return Commands(process, Path(log.name))

    def executed_chapters(self, day: str) -> list[Path]:
        """List the executed notebooks of a day, over all runs."""
        return sorted((self.home / "runs" / "daily_medallion" / day).glob("*/0*.ipynb"))


@dataclass
class Commands:
    """A process that runs one `airflow` command after the other."""

    process: subprocess.Popen
    log: Path
    output: str = ""

    def run(self, *arguments: str) -> int:
        """Run a command, keep what it printed in `output`, return its exit code."""
        self.begin(*arguments)
        self.output = ""
        for line in self.process.stdout:
            if line.startswith("EXIT "):
                return int(line.removeprefix("EXIT "))
            self.output += line
        raise AssertionError(f"airflow ended: {self.output[-3000:]} {self.log.read_text()[-3000:]}")

    def begin(self, *arguments: str) -> None:
        """Begin a command without waiting for its end."""
        print(json.dumps(arguments), file=self.process.stdin, flush=True)

    def stop(self) -> None:
        """End the process, in the middle of a command too."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@pytest.fixture(scope="session")
def airflow(stack_settings, tmp_path_factory) -> Iterator[Airflow]:
    """One Airflow for the session."""
    settings = stack_settings
    home = tmp_path_factory.mktemp("airflow")
    alerts: list[dict] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            return

    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PBM360_")} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PBM360_TASK_RETRIES": "0",
        "PBM360_DEADLINE_HOURS": "0",  # `airflow dags test` of 3.3.1 can't run a DAG that has a deadline
        "PBM360_ALERT_URL": f"http://127.0.0.1:{receiver.server_port}/",
        "PBM360_RUNS": str(home / "runs"),
        "PBM360_PROJECT": PROJECT,
        "PBM360_BIGQUERY_URL": settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": settings.bigquery_storage_endpoint,
        "PBM360_PUBSUB_ENDPOINT": settings.pubsub_endpoint,
        "PBM360_OMS_DSN": settings.oms_dsn,
        "PBM360_PSEUDONYM_KEY": settings.pseudonym_key,
        "PBM360_STATE_DIR": str(home / "state"),
    }
    yield Airflow(home, environment, alerts)
    receiver.shutdown()
