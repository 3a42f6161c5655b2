"""Measure the stream: bulk rate, publish-to-row latency, and Beam's stock reader beside it, in one run."""

from __future__ import annotations

import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pbm360 import broker, medallion
from pbm360.local import stack
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream import feed
from pbm360.stream.run import run_stream
from pbm360.stream.shared import StopFlag
from pbm360.warehouse import Warehouse

BULK_ORDERS = 14_000
LATENCY_RATE = 1_000  # messages a second
LATENCY_SECONDS = 30
STOCK_MESSAGES = 20_000
STOCK_SECONDS = 25
WAITS: list[float] = []  # seconds from publish to committed rows, one a message
ACKNOWLEDGE = feed.PubSubFeed.acknowledge


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows, measured on a fresh stack."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder) / "state", pseudonym_key="k" * 40)
        stack.up(settings)
        try:
            addresses = json.loads(settings.stack_file.read_text())["addresses"]
            settings = Settings(state_dir=settings.state_dir, pseudonym_key="k" * 40, **addresses)
            medallion.prepare(Warehouse(settings))
            broker.ensure_topics(settings)
            end = datetime.datetime.now(datetime.UTC)
            parameters = SimulationParameters(orders=BULK_ORDERS, days=14, end=end, seed=1)
            messages = [(m.payload, m.attributes) for m in simulate(parameters).messages()]
            # latency first: after the bulk a start counts the day's minutes anew before it reads
            latency = _latency(settings, messages)
            return [*_bulk(settings, messages), *latency, *_stock(settings, messages)]
        finally:
            stack.down(settings)


def _bulk(settings: Settings, messages: list) -> list[tuple[str, str]]:
    broker.publish_batches(settings, settings.topic, messages)
    state = run_stream(settings, until_idle_seconds=2)
    assert state.received == len(messages), f"{state.received} of {len(messages)} messages landed"
    return [
        ("topic to committed rows of both tables, bulk", f"{state.received / state.seconds:,.0f} events/s"),
        ("messages in the bulk run", f"{state.received:,}"),
    ]


def acknowledge_timed(self, judged):
    """Note how long each message of a committed block took, then acknowledge it (pickled by name, so no closure)."""
    now = time.time_ns() // 1000
    WAITS.extend((now - message.stamps.publish_time) / 1e6 for message in judged.block.messages)
    ACKNOWLEDGE(self, judged)


def _latency(settings: Settings, messages: list) -> list[tuple[str, str]]:
    WAITS.clear()
    feed.PubSubFeed.acknowledge = acknowledge_timed
    stop = StopFlag()
    runner = threading.Thread(target=run_stream, args=(settings,), kwargs={"stop": stop})
    runner.start()
    time.sleep(10)
    step = LATENCY_RATE // 100
    started = time.monotonic()
    for number in range(LATENCY_SECONDS * 100):
        live = [(body, {"source": "bench"}) for body, _ in messages[number * step : (number + 1) * step]]
        broker.publish_batches(settings, settings.topic, live)
        time.sleep(max(started + (number + 1) / 100 - time.monotonic(), 0))
    time.sleep(3)
    stop.set()
    runner.join()
    feed.PubSubFeed.acknowledge = ACKNOWLEDGE
    cuts = statistics.quantiles(WAITS, n=100)
    return [
        (f"publish to committed row at {LATENCY_RATE:,}/s, p50", f"{cuts[49]:.3f} s"),
        (f"publish to committed row at {LATENCY_RATE:,}/s, p99", f"{cuts[98]:.3f} s"),
        ("messages in the latency run", f"{len(WAITS):,}"),
    ]


STOCK_PIPELINE = """
import sys, threading, time
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
subscription, seconds = sys.argv[1], float(sys.argv[2])
times = []
def note(message):
    import __main__
    __main__.times.append(time.monotonic())
    return message
pipeline = beam.Pipeline(options=PipelineOptions(["--runner=BundleBasedDirectRunner", "--streaming"]))
pipeline | beam.io.ReadFromPubSub(subscription=subscription, with_attributes=True) | beam.Map(note)
threading.Thread(target=lambda: pipeline.run().wait_until_finish(), daemon=True).start()
time.sleep(seconds)
print(len(times), times[-1] - times[0] if len(times) > 1 else 0.0, flush=True)
import os; os._exit(0)
"""


def _stock(settings: Settings, messages: list) -> list[tuple[str, str]]:
    """Let Beam's own ReadFromPubSub read on the same runner, doing nothing with what it reads."""
    subscription = broker.subscription_path(settings, "stock")
    topic = broker.topic_path(settings, settings.topic)
    broker.subscriber(settings).create_subscription(name=subscription, topic=topic)
    broker.publish_batches(settings, settings.topic, messages[:STOCK_MESSAGES])
    environment = os.environ | {"PUBSUB_EMULATOR_HOST": settings.pubsub_endpoint}
    command = [sys.executable, "-c", STOCK_PIPELINE, subscription, str(STOCK_SECONDS)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    count, seconds = finished.stdout.split()[-2:]
    rate = int(count) / float(seconds) if float(seconds) else 0.0
    return [("Beam's ReadFromPubSub on the same runner, reading alone", f"{rate:,.0f} events/s")]


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<60} {figure}")
