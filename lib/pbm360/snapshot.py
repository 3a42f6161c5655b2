"""Read what the dashboards show from the warehouse, once for all viewers, and hand it to them as one small file.

`python -m pbm360.snapshot` reads every `PBM360_SNAPSHOT_SECONDS` and replaces the file in one step, so that a viewer's
kernel reads either the old picture or the new one, never a mixture, and never asks the warehouse itself.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from google.api_core.exceptions import GoogleAPICallError, RetryError
from requests.exceptions import RequestException

from pbm360.settings import Settings, load_settings
from pbm360.warehouse import Warehouse

HISTORY_DAYS = 14  # closed orders stay in the picture for so long
AT_RISK_SHARE = 0.8  # of the time that the stage allows
SNAPSHOT_FILE = "operations.arrow"
FAILURE_FILE = "failure.json"
FRAMES = ("orders", "stages", "freshness")


class SnapshotMissing(LookupError):
    """No snapshot has been written yet; the snapshot process does not run or has not finished its first read."""


@dataclass(frozen=True)
class Snapshot:
    """The operation at one instant.

    `as_of` (UTC) is the moment that ages are counted to. `orders` has the columns and grain of
    sql/dashboards/orders.sql, `stages` those of stages.sql; `freshness` is the one row of freshness.sql.
    `read_seconds` is what the warehouse took.
    """

    as_of: datetime.datetime
    read_seconds: float
    orders: pd.DataFrame
    stages: pd.DataFrame
    freshness: dict


@dataclass(frozen=True)
class SnapshotFailure:
    """Why the warehouse could not be read last time: when (UTC) and the kind of error, nothing more."""

    failed_at: datetime.datetime
    kind: str


def read_tables(warehouse: Warehouse, now: datetime.datetime) -> dict[str, pa.Table]:
    """Run the dashboards' queries for the instant `now` (UTC) and return their rows by frame."""
    parameters = {
        "orders": {"now": now, "history_days": HISTORY_DAYS, "at_risk_share": AT_RISK_SHARE},
        "stages": {},
        "freshness": {"now": now},
    }
    return {name: warehouse.run(f"dashboards/{name}.sql", parameters[name]) for name in FRAMES}


def write_snapshot(folder: Path, tables: dict[str, pa.Table], as_of: datetime.datetime, read_seconds: float) -> Path:
    """Replace the snapshot's file in one step: one Arrow stream a frame, one behind another."""
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / SNAPSHOT_FILE, folder / f"{SNAPSHOT_FILE}.{os.getpid()}.part"
    stamp = json.dumps({"as_of": as_of.isoformat(), "read_seconds": read_seconds})
    with pa.OSFile(str(part), "wb") as sink:
        for name in FRAMES:
            table = tables[name].replace_schema_metadata({"stamp": stamp})
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
    part.replace(target)
    return target


def read_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in the folder. Raises `SnapshotMissing` where none has been written."""
    try:
        source = pa.BufferReader((folder / SNAPSHOT_FILE).read_bytes())
    except FileNotFoundError:
        raise SnapshotMissing(f"no snapshot in {folder.name}/; is `python -m pbm360.snapshot` running?") from None
    tables = {name: pa.ipc.open_stream(source).read_all() for name in FRAMES}
    stamp = json.loads(tables["orders"].schema.metadata[b"stamp"])
    return Snapshot(
        as_of=datetime.datetime.fromisoformat(stamp["as_of"]),
        read_seconds=stamp["read_seconds"],
        orders=tables["orders"].to_pandas(),
        stages=tables["stages"].to_pandas(),
        freshness=tables["freshness"].to_pylist()[0],
    )


class SnapshotReader:
    """What a viewer's kernel holds: it tells whether the picture has changed and returns it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._seen: tuple | None = None

    def has_news(self) -> bool:
        """Tell whether a snapshot or a failure was written since the last `latest`. Costs two looks at the folder."""
        return self._mark() != self._seen

    def latest(self) -> Snapshot:
        """Return the newest snapshot; raises `SnapshotMissing` where there is none."""
        self._seen = self._mark()
        return read_snapshot(self.folder)

    def failure(self) -> SnapshotFailure | None:
        """Return why the newest read failed, or None where it succeeded."""
        try:
            found = json.loads((self.folder / FAILURE_FILE).read_text())
        except FileNotFoundError:
            return None
        return SnapshotFailure(datetime.datetime.fromisoformat(found["failed_at"]), found["kind"])

    def _mark(self) -> tuple:
        return tuple(_version(self.folder / name) for name in (SNAPSHOT_FILE, FAILURE_FILE))


def _version(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def snapshot_folder(settings: Settings) -> Path:
    """Return where the snapshot of these settings lies."""
    return settings.state_dir / "snapshot"


def take_snapshot(warehouse: Warehouse, folder: Path) -> None:
    """Read the warehouse as of now and write the snapshot."""
    now, started = datetime.datetime.now(datetime.UTC), time.monotonic()
    tables = read_tables(warehouse, now)
    write_snapshot(folder, tables, now, time.monotonic() - started)
    (folder / FAILURE_FILE).unlink(missing_ok=True)


def note_failure(folder: Path, error: Exception) -> None:
    """Leave word that a read failed. The kind of error alone is written: its text may hold SQL or an address."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FAILURE_FILE}.{os.getpid()}.part"
    failed_at = datetime.datetime.now(datetime.UTC).isoformat()
    part.write_text(json.dumps({"failed_at": failed_at, "kind": type(error).__name__}))
    part.replace(folder / FAILURE_FILE)


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
