"""A stack of its own for a benchmark: fresh, and gone with it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from pbm360 import medallion, oms
from pbm360.local import stack
from pbm360.settings import Settings
from pbm360.warehouse import Warehouse
from tests.conftest import TEST_KEY

GIGABYTE = 1e9


@contextmanager
def fresh_warehouse() -> Iterator[Warehouse]:
    """Start a stack on an empty folder; yields its warehouse, prepared, and stops it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder) / "state", pseudonym_key=TEST_KEY)
        stack.up(settings)
        try:
            addresses = json.loads(settings.stack_file.read_text())["addresses"]
            warehouse = Warehouse(Settings(state_dir=settings.state_dir, pseudonym_key=TEST_KEY, **addresses))
            medallion.prepare(warehouse)
            oms.migrate(warehouse.settings)
            yield warehouse
        finally:
            stack.down(settings)


def peak_memory_gigabytes(warehouse: Warehouse) -> float:
    """Return the most resident memory that the servers of the stack have had together, in 10^9 bytes."""
    rows = stack.status(warehouse.settings)
    peaks = [_peak_bytes(row.pid) for row in rows if row.pid and psutil.pid_exists(row.pid)]
    return sum(peaks) / GIGABYTE


def _peak_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return psutil.Process(pid).memory_info().rss
