"""Run the laptop's BigQuery in the foreground: REST and Storage API over one DuckDB file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from pathlib import Path

import bqemulator.server
from bqemulator.config import PersistenceMode, Settings
from bqemulator.observability.logging_ import configure_logging
from bqemulator.server import EmulatorServer

from pbm360.local.bigquery.catalog import WarehouseCatalog
from pbm360.local.bigquery.engine import WarehouseEngine

HOST = "127.0.0.1"
STOP_SECONDS = 5

log = logging.getLogger(__name__)


def serve(data_dir: Path, rest_port: int = 0, grpc_port: int = 0, ready_file: Path | None = None) -> None:
    """Serve the warehouse in `data_dir` until SIGTERM or SIGINT; port 0 takes a free one.

    Once it answers, `ready_file` holds `{"rest_url", "grpc_endpoint", "pid"}`; it is removed at the end. Raises
    `duckdb.IOException` where another process has the data folder open.
    """
    configure_logging(level="error", fmt="console")  # before the imports below, which log already
    from pbm360.local.bigquery.corrections import install

    install()
    settings = Settings(
        rest_host=HOST,
        grpc_host=HOST,
        rest_port=rest_port,
        grpc_port=grpc_port,
        log_level="error",
        metrics_enabled=False,
        enable_format_extensions=False,
        persistence_mode=PersistenceMode.PERSISTENT,
        data_dir=data_dir,
        upload_staging_dir=data_dir / "uploads",
    )
    asyncio.run(_serve(WarehouseServer(settings), ready_file))


class WarehouseServer(EmulatorServer):
    """The emulator with our engine and catalog."""

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self._engine = WarehouseEngine(settings)
        self._catalog = WarehouseCatalog(self._engine)
        self._engine.after_rollback = self._catalog.reload

    async def stop(self) -> None:
        """Stop answering, write the log into the database file and close it."""
        if self._fastapi_server is not None:
            self._fastapi_server.config.timeout_graceful_shutdown = STOP_SECONDS
        await super().stop()


async def _serve(server: WarehouseServer, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    await server.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        if ready_file is not None:
            _announce(server, ready_file)
        await stopping.wait()
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
        await server.stop()


def _announce(server: WarehouseServer, ready_file: Path) -> None:
    """Write the addresses at once or not at all: a reader must never see half a file."""
    text = json.dumps({"rest_url": server.rest_url, "grpc_endpoint": server.grpc_endpoint, "pid": os.getpid()})
    ready_file.parent.mkdir(parents=True, exist_ok=True)
    draft = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(ready_file)


def build_application(context):
    """Build the REST application with every request in a thread of its own."""
    from bqemulator.api.app import create_app

    from pbm360.local.bigquery.request_threads import ThreadedApplication

    return ThreadedApplication(create_app(context))


def use_threads() -> None:
    """Let the emulator's start use our REST application and our Storage API server."""
    from pbm360.local.bigquery.storage_api import build_grpc_server

    bqemulator.server.create_app = build_application
    bqemulator.server.build_grpc_server = build_grpc_server
