"""The file that carries a snapshot of the operation from the one process that reads the warehouse to every viewer.

It is replaced in one step, so that a viewer's kernel reads either the old picture or the new one, never a mixture.
Kernels import this module alone and none of the cloud's clients.
"""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pbm360.settings import Settings

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


def write_snapshot(folder: Path, tables: dict[str, pa.Table], as_of: datetime.datetime, read_seconds: float) -> Path:
    """Replace the snapshot's file in one step: one Arrow stream a frame, one behind another."""
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / SNAPSHOT_FILE, folder / f"{SNAPSHOT_FILE}.{os.getpid()}.part"
    stamp = json.dumps({"as_of": as_of.isoformat(), "read_seconds": read_seconds})
    try:
        with pa.OSFile(str(part), "wb") as sink:
            for name in FRAMES:
                table = tables[name].replace_schema_metadata({"stamp": stamp})
                with pa.ipc.new_stream(sink, table.schema) as stream:
                    stream.write_table(table)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)  # left only where something stopped the writing
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


def note_failure(folder: Path, error: Exception) -> None:
    """Leave word that a read failed. The kind of error alone is written: its text may hold SQL or an address."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FAILURE_FILE}.{os.getpid()}.part"
    failed_at = datetime.datetime.now(datetime.UTC).isoformat()
    part.write_text(json.dumps({"failed_at": failed_at, "kind": type(error).__name__}))
    part.replace(folder / FAILURE_FILE)
