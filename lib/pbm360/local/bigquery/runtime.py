"""Put the emulator, our engine and our corrections together, and run them on an event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import threading
from pathlib import Path

import bqemulator.server
from bqemulator.config import PersistenceMode, Settings
from bqemulator.server import EmulatorServer

from pbm360.local.bigquery.catalog import WarehouseCatalog
from pbm360.local.bigquery.corrections import install
from pbm360.local.bigquery.corrections.definitions import add_columns_live, count_rows_live
from pbm360.local.bigquery.engine import WarehouseEngine
from pbm360.local.bigquery.request_threads import ThreadedApplication
from pbm360.local.bigquery.storage_api import build_grpc_server, load_messages

HOST = "127.0.0.1"
GRACE_SECONDS = 1
STOP_SECONDS = 5
OBJECTS_BETWEEN_COLLECTIONS = 200_000  # statements are trees of many objects: at Python's 700 half the time goes there


def run(data_dir: Path, rest_port: int, grpc_port: int, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    install()
    bqemulator.server.create_app = build_application
    bqemulator.server.build_grpc_server = build_grpc_server
    asyncio.run(_serve(WarehouseServer(_settings(data_dir, rest_port, grpc_port)), ready_file))


def _settings(data_dir: Path, rest_port: int, grpc_port: int) -> Settings:
    return Settings(
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


class WarehouseServer(EmulatorServer):
    """The emulator with our engine and catalog."""

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self._engine = WarehouseEngine(settings)
        self._catalog = WarehouseCatalog(self._engine)
        self._engine.after_rollback = self._catalog.reload

    async def stop(self) -> None:
        """Stop answering, end running queries after a grace, write the log into the database file and close it."""
        if self._fastapi_server is not None:
            self._fastapi_server.config.timeout_graceful_shutdown = STOP_SECONDS
        interrupting = asyncio.create_task(self._interrupt_after_grace())
        await super().stop()
        interrupting.cancel()

    async def _interrupt_after_grace(self) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        while True:
            self._engine.interrupt_queries()
            await asyncio.sleep(0.1)


async def _serve(server: WarehouseServer, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    await server.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        if ready_file is not None:
            _announce(server, ready_file)
        threading.Thread(target=load_messages, daemon=True).start()
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


def build_application(context) -> ThreadedApplication:
    """Build the REST application with every request in a thread of its own."""
    from bqemulator.api.app import create_app

    count_rows_live(context)
    add_columns_live(context)
    return ThreadedApplication(create_app(context))
