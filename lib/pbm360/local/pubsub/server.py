"""Run the laptop's Pub/Sub in the foreground: one event loop, one data folder, one port on 127.0.0.1."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import time
from pathlib import Path

import grpc

from pbm360.local.pubsub import limits
from pbm360.local.pubsub.catalog import Catalog
from pbm360.local.pubsub.message_log import sync_files
from pbm360.local.pubsub.methods import Methods
from pbm360.local.pubsub.publisher import Publisher
from pbm360.local.pubsub.subscriber import Subscriber

TICK_SECONDS = 0.05  # how late an expired lease may be noticed
HOUSEKEEPING_SECONDS = 1.0  # between two syncs to the disk, and two looks for what can be deleted
YOUNG_OBJECTS = 50_000  # a message that is out makes a few objects, none of them in a cycle: look for cycles seldom
STOP_SECONDS = 1.0  # for calls that are under way
OPTIONS = [
    ("grpc.max_receive_message_length", limits.MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a second server
    # The ordinary client pings every 30 s; gRPC's default takes that for an attack and closes the stream.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 0),
]


def serve(
    data_dir: Path,
    port: int = 0,
    ready_file: Path | None = None,
    min_ack_seconds: int = limits.MIN_ACK_DEADLINE_SECONDS,
) -> None:
    """Serve Pub/Sub from `data_dir` until SIGTERM or SIGINT; port 0 takes a free one.

    Once it answers, `ready_file` holds `{"endpoint", "pid"}`; it is removed at the end. Raises `DataInUse` where
    another server has the folder open, and `RuntimeError` where the port is taken.
    """
    gc.set_threshold(YOUNG_OBJECTS)
    asyncio.run(_serve(Catalog(data_dir), port, ready_file, min_ack_seconds))


async def _serve(catalog: Catalog, port: int, ready_file: Path | None, min_ack_seconds: int) -> None:
    subscriber = Subscriber(catalog, min_ack_seconds)
    services = {"google.pubsub.v1.Publisher": Publisher(catalog), "google.pubsub.v1.Subscriber": subscriber}
    server = grpc.aio.server(handlers=[Methods(services)], options=OPTIONS)
    bound_port = server.add_insecure_port(f"127.0.0.1:{port}")
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await server.start()
    if ready_file is not None:
        write_ready_file(ready_file, f"127.0.0.1:{bound_port}")
    tasks = [asyncio.ensure_future(_let_time_pass(catalog)), asyncio.ensure_future(_keep_house(catalog))]
    stopped = asyncio.ensure_future(stopping.wait())
    finished, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    subscriber.is_stopping = True
    for subscription in catalog.subscriptions.values():
        subscription.wake()
    await server.stop(STOP_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    catalog.close()
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    for task in finished:
        task.result()  # raises what ended the server, if it was not a signal


async def _let_time_pass(catalog: Catalog) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for subscription in list(catalog.subscriptions.values()):
            subscription.advance()


async def _keep_house(catalog: Catalog) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        paths = [path for topic in catalog.live_topics() for path in topic.log.take_unsynced()]
        if paths:
            await asyncio.to_thread(sync_files, paths)
        for subscription in list(catalog.subscriptions.values()):
            subscription.expire_old(time.time())
        for topic in catalog.live_topics():
            topic.reclaim()


def write_ready_file(path: Path, endpoint: str) -> None:
    """Tell who waits that the server answers; the file appears whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(json.dumps({"endpoint": endpoint, "pid": os.getpid()}))
    draft.replace(path)
