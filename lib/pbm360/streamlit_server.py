"""Serve the second front, Streamlit, on 127.0.0.1 alone; it shows what the one reading process writes.

Where the dashboards run already, theirs is that process; else one is started beside Streamlit and ends with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pbm360.dashboards import free_port
from pbm360.operations.desk import VIEW_FILE, desk_folder
from pbm360.settings import Settings

APP = Path(__file__).parents[2] / "dashboards" / "streamlit_app.py"
FRESH_SECONDS = 10.0  # a view that is no older is being written by somebody
OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "false",
    "browser.gatherUsageStats": "false",  # no request leaves the machine
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.primaryColor": "#17365d",
}


def serve_streamlit(settings: Settings, port: int = 0) -> None:
    """Serve until SIGTERM or Ctrl-C. `port` 0 means a free one. Raises `OSError` where Streamlit can't be started."""
    port = port or free_port()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PBM360_STATE_DIR": str(settings.state_dir.resolve())}
    os.environ |= environment
    if not is_fresh(settings):
        arguments = ["--only-with-parent", str(os.getpid())]
        subprocess.Popen([sys.executable, "-m", "pbm360.operations.service", *arguments], env=environment)
    print(f"The dashboards' second front is at http://127.0.0.1:{port}/", flush=True)
    # in place of this process, so that a signal reaches Streamlit itself and the reader ends with it
    os.execve(sys.executable, [sys.executable, *command(port, settings.dashboards_address)], environment)


def command(port: int, address: str = "127.0.0.1") -> list[str]:
    """Return Streamlit's arguments behind the interpreter."""
    options = OPTIONS | {"server.port": str(port), "server.address": address}
    return ["-m", "streamlit", "run", str(APP), *(f"--{name}={value}" for name, value in options.items())]


def is_fresh(settings: Settings) -> bool:
    """Tell whether a reading process writes the view now."""
    try:
        written_at = (desk_folder(settings) / VIEW_FILE).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - written_at <= max(FRESH_SECONDS, 3 * settings.snapshot_seconds)
