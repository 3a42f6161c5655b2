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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from google.api_core.exceptions import GoogleAPICallError, RetryError
from requests.exceptions import RequestException

from pbm360.settings import Settings, load_settings
from pbm360.snapshot_file import FAILURE_FILE, FRAMES, note_failure, snapshot_folder, write_snapshot
from pbm360.warehouse import Warehouse

HISTORY_DAYS = 14  # closed orders stay in the picture for so long
AT_RISK_SHARE = 0.8  # of the time that the stage allows
READ_PATIENCE_SECONDS = 8.0
WATCH_SECONDS = 1.0
LEAST_PAUSE_SECONDS = 0.05


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


class Watchdog(threading.Thread):
    """Watches the reads from a thread beside them, since the cloud's clients try again for minutes before they fail.

    It notes a read that takes longer than `READ_PATIENCE_SECONDS`, and ends the process once `parent_id` (0: any) is no
    longer its parent.
    """

    def __init__(self, parent_id: int = 0):
        super().__init__(daemon=True)
        self.parent_id = parent_id
        self.folder: Path | None = None
        self.read_since: float | None = None

    @contextmanager
    def reading(self, folder: Path) -> Iterator[None]:
        """Mark the time in which the warehouse is read."""
        self.folder, self.read_since = folder, time.monotonic()
        try:
            yield
        finally:
            self.read_since = None

    def run(self) -> None:
        """Look once a second for as long as the process lives."""
        while True:
            time.sleep(WATCH_SECONDS)
            since = self.read_since
            if since is not None and time.monotonic() - since > READ_PATIENCE_SECONDS:
                note_failure(self.folder, TimeoutError())
            if self.parent_id and os.getppid() != self.parent_id:
                os.kill(os.getpid(), signal.SIGTERM)


def run(load: Callable[[], Settings], stop: threading.Event, watchdog: Watchdog) -> None:
    """Take snapshots until `stop` is set; after a failure the settings are loaded anew, since addresses may change."""
    warehouse = None
    while not stop.is_set():
        started = time.monotonic()
        settings = load() if warehouse is None else warehouse.settings
        folder = snapshot_folder(settings)
        try:
            warehouse = warehouse or Warehouse(settings)
            with watchdog.reading(folder):
                take_snapshot(warehouse, folder)
        except (GoogleAPICallError, RetryError, RequestException, ValueError) as error:
            note_failure(folder, error)
            print(f"{type(error).__name__}: {error}", flush=True)
            warehouse = None
        stop.wait(max(settings.snapshot_seconds - (time.monotonic() - started), LEAST_PAUSE_SECONDS))


def main() -> None:
    """Run as a process of its own until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m pbm360.snapshot", description=__doc__.splitlines()[0])
    parser.add_argument("--only-with-parent", type=int, default=0, metavar="PID", help="end when this parent ends")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    watchdog = Watchdog(parser.parse_args().only_with_parent)
    watchdog.start()
    run(load_settings, threading.Event(), watchdog)


def _end(*_) -> None:
    raise SystemExit(0)  # also out of a client that waits before it tries again


if __name__ == "__main__":
    main()
