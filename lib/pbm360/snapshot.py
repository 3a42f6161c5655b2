"""Read what the dashboards show from the warehouse, once for all viewers, and hand it to them as one small file.

`python -m pbm360.snapshot` does so every `PBM360_SNAPSHOT_SECONDS`: the cost does not grow with the viewers.
"""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from google.api_core.exceptions import GoogleAPICallError, RetryError
from requests.exceptions import RequestException

from pbm360.settings import Settings, load_settings
from pbm360.snapshot_file import FAILURE_FILE, FRAMES, note_failure, snapshot_folder, write_snapshot
from pbm360.warehouse import Warehouse

HISTORY_DAYS = 14  # closed orders stay in the picture for so long
AT_RISK_SHARE = 0.8  # of the time that the stage allows


def read_tables(warehouse: Warehouse, now: datetime.datetime) -> dict[str, pa.Table]:
    """Run the dashboards' queries for the instant `now` (UTC) and return their rows by frame."""
    parameters = {
        "orders": {"now": now, "history_days": HISTORY_DAYS, "at_risk_share": AT_RISK_SHARE},
        "stages": {},
        "freshness": {"now": now},
    }
    return {name: warehouse.run(f"dashboards/{name}.sql", parameters[name]) for name in FRAMES}


def take_snapshot(warehouse: Warehouse, folder: Path) -> None:
    """Read the warehouse as of now and write the snapshot."""
    now, started = datetime.datetime.now(datetime.UTC), time.monotonic()
    tables = read_tables(warehouse, now)
    write_snapshot(folder, tables, now, time.monotonic() - started)
    (folder / FAILURE_FILE).unlink(missing_ok=True)


def run(load: Callable[[], Settings], stop: threading.Event, *, only_with_parent: int = 0) -> None:
    """Take snapshots until `stop` is set; after a failure the settings are loaded anew, since addresses may change.

    With `only_with_parent` (a process id) it also ends when that process is no longer its parent.
    """
    warehouse = None
    while not stop.is_set() and (not only_with_parent or os.getppid() == only_with_parent):
        started = time.monotonic()
        settings = load() if warehouse is None else warehouse.settings
        folder = snapshot_folder(settings)
        try:
            warehouse = warehouse or Warehouse(settings)
            take_snapshot(warehouse, folder)
        except (GoogleAPICallError, RetryError, RequestException, ValueError) as error:
            note_failure(folder, error)
            print(f"{type(error).__name__}: {error}", flush=True)
            warehouse = None
        stop.wait(max(settings.snapshot_seconds - (time.monotonic() - started), 0.05))


def main() -> None:
    """Run as a process of its own until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m pbm360.snapshot", description=__doc__.splitlines()[0])
    parser.add_argument("--only-with-parent", type=int, default=0, metavar="PID", help="end when this parent ends")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(load_settings, stop, only_with_parent=arguments.only_with_parent)


if __name__ == "__main__":
    main()
