"""Serve the second front, Streamlit, to whom `streamlit_access` lets in; it shows what the one reading process writes.

Where the dashboards run already, theirs is that process; else one is started beside Streamlit and ends with it. So it
is, too, where theirs stops while Streamlit is served, and where its own has ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from pbm360.dashboard_access import refuse_open_doors
from pbm360.dashboards import free_port
from pbm360.operations.desk import VIEW_FILE, desk_folder
from pbm360.settings import Settings
from pbm360.streamlit_access import Gate

APP = Path(__file__).parents[2] / "dashboards" / "streamlit_app.py"
FRESH_SECONDS = 10.0  # a view that is no older is being written by somebody
LOOK_SECONDS = 1.0
OPTIONS = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.enableStaticServing": False,
    "server.maxUploadSize": 1,  # megabytes; the page takes none
    "browser.serverAddress": "localhost",  # else the machine's own address is asked for outside
    "browser.gatherUsageStats": False,  # no request leaves the machine
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.light.primaryColor": "#17365d",  # one for both would make every page light
    "theme.dark.primaryColor": "#9cc3f0",
}


def serve_streamlit(settings: Settings, port: int = 0) -> None:
    """Serve until SIGTERM or Ctrl-C. `port` 0 means a free one.

    Raises `SettingsError` where the front would stand open to others than the laptop's own user.
    """
    refuse_open_doors(settings)
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    port = port or free_port()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    os.environ["PBM360_STATE_DIR"] = str(settings.state_dir.resolve())  # the page's script loads the settings anew
    threading.Thread(target=keep_reading, args=(settings,), daemon=True).start()
    print(f"The dashboards' second front is at http://127.0.0.1:{port}/", flush=True)
    where = {"server.port": port, "server.address": settings.dashboards_address}
    App(APP, middleware=[Middleware(Gate, settings=settings)]).run(config=OPTIONS | where)


def keep_reading(settings: Settings) -> None:
    """See to it for as long as this process lives that somebody writes the view: one's own reader, or another's."""
    arguments = ["--only-with-parent", str(os.getpid())]
    own = None
    while True:
        has_ended = own is not None and own.poll() is not None
        if has_ended or (own is None and not is_fresh(settings)):
            own = subprocess.Popen([sys.executable, "-m", "pbm360.operations.service", *arguments])
        time.sleep(LOOK_SECONDS)


def is_fresh(settings: Settings) -> bool:
    """Tell whether a reading process writes the view now."""
    try:
        written_at = (desk_folder(settings) / VIEW_FILE).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - written_at <= max(FRESH_SECONDS, 3 * settings.snapshot_seconds)
