"""Start the dashboards and say where they are."""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pbm360.settings import Settings

if TYPE_CHECKING:
    from pbm360.local.processes import ProcessRecord

READY_FILE = "dashboards.json"
START_SECONDS = 90
PROCESS_NAME = "dashboards"


class DashboardsError(RuntimeError):
    """The dashboards do not run, or will not start; the text says what to do."""


def serve_dashboards(settings: Settings, port: int = 0) -> None:
    """Serve the dashboards in this process on 127.0.0.1 until SIGTERM or Ctrl-C.

    `port` 0 means the setting `PBM360_DASHBOARDS_PORT`, and where that is 0 too, a free one.
    """
    from pbm360.dashboard_server import serve

    serve(settings, port or settings.dashboards_port or free_port(), ready_file(settings))


def start_dashboards(settings: Settings) -> str:
    """Start the dashboards in the background, so that `pbm360 down` stops them; return the page's address once a
    viewer would not wait. Raises `DashboardsError` where they do not start."""
    from pbm360.local.stack import log_file, spawn

    ready_file(settings).unlink(missing_ok=True)
    port = settings.dashboards_port or free_port()
    command = [sys.executable, "-m", "pbm360", "dashboards", "--port", str(port)]
    record = spawn(settings, PROCESS_NAME, command, {"PBM360_STATE_DIR": str(settings.state_dir.resolve())})
    return wait_until_ready(settings, record, log_file(settings, PROCESS_NAME))


def wait_until_ready(settings: Settings, record: ProcessRecord, log: Path) -> str:
    """Wait until the process serves the dashboards and return their address."""
    from pbm360.local.processes import tail

    deadline = time.monotonic() + START_SECONDS
    while not ready_file(settings).exists():
        if record.process() is None or time.monotonic() > deadline:
            why = "ended at once" if record.process() is None else f"did not answer within {START_SECONDS} s"
            raise DashboardsError(f"the dashboards {why}; their log {log} ends:\n{tail(log)}")
        time.sleep(0.1)
    return dashboard_url(settings)


def dashboard_url(settings: Settings) -> str:
    """Return the address of the dashboards that run. Raises `DashboardsError` where none do."""
    try:
        return json.loads(ready_file(settings).read_text())["url"]
    except FileNotFoundError:
        raise DashboardsError("the dashboards do not run; start them with `pbm360 dashboards`") from None


def ready_file(settings: Settings) -> Path:
    """Return the file that names the dashboards' address while they run."""
    return settings.state_dir / READY_FILE


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
