"""Measure the stream: bulk rate, publish-to-row latency, and Beam's stock reader beside it, in one run."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psutil

from pbm360 import broker
from pbm360.local import stack
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream import feed
from pbm360.stream.run import run_stream
from pbm360.stream.shared import StopFlag
from tests.benchmarks import transforms
from tests.benchmarks.fresh import fresh_warehouse
from tests.benchmarks.live_events import events_now, publish_steadily, templates

BULK_ORDERS = 14_000
LATENCY_RATE = 2_000  # messages a second
LATENCY_SECONDS = 30
STOCK_MESSAGES = 20_000
STOCK_SECONDS = 25
START_SECONDS = 12
COMMITS: list[tuple[int, list[float]]] = []  # a block each: when it was committed (ns), its messages' waits (s)
ACKNOWLEDGE = feed.PubSubFeed.acknowledge


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows, measured on a fresh stack."""
    with fresh_warehouse() as warehouse:
        settings = warehouse.settings
        broker.ensure_topics(settings)
        end = datetime.datetime.now(datetime.UTC)
        parameters = SimulationParameters(orders=BULK_ORDERS, days=14, end=end, seed=1)
        messages = [(m.payload, m.attributes) for m in simulate(parameters).messages()]
        # latency first: after the bulk a start counts the day's minutes anew before it reads
        latency = _latency(settings)
        bulk = _bulk(settings, messages)
        return [*bulk, *latency, *transforms.measure(messages[:40_000]), *_stock(settings, messages)]


def _bulk(settings: Settings, messages: list) -> list[tuple[str, str]]:
    COMMITS.clear()
    broker.publish_batches(settings, settings.topic, messages)
    processes = {row.name: psutil.Process(row.pid) for row in stack.status(settings) if row.pid}
    processes["the stream"] = psutil.Process()
    before = {name: _processor_seconds(process) for name, process in processes.items()}
    with _commits_noted():
        state = run_stream(settings, until_idle_seconds=2)
    assert state.received == len(messages), f"{state.received} of {len(messages)} messages landed"
    spent = {name: _processor_seconds(process) - before[name] for name, process in processes.items()}
    shares = ", ".join(f"{name} {seconds / state.received * 1e6:.0f}" for name, seconds in spent.items())
    seconds = (COMMITS[-1][0] - COMMITS[0][0]) / 1e9
    sustained = sum(len(waits) for _, waits in COMMITS[1:]) / seconds
    return [
        ("topic to committed rows of both tables, bulk, sustained", f"{sustained:,.0f} events/s"),
        ("the same, with the start of the stream", f"{state.received / state.seconds:,.0f} events/s"),
        ("processor time an event (microseconds)", shares),
        ("messages in the bulk run", f"{state.received:,}"),
    ]


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def acknowledge_timed(self, judged):
    """Note how long each message of a committed block took, then acknowledge it (pickled by name, so no closure)."""
    now = time.time_ns()
    COMMITS.append((now, [now / 1e9 - message.stamps.publish_time / 1e6 for message in judged.block.messages]))
    ACKNOWLEDGE(self, judged)


@contextmanager
def _commits_noted():
    feed.PubSubFeed.acknowledge = acknowledge_timed
    try:
        yield
    finally:
        feed.PubSubFeed.acknowledge = ACKNOWLEDGE


def publish_live(settings: Settings) -> None:
    """Publish what happens now, in a process of its own."""
    events = events_now(templates(settings.pseudonym_key), "latency")
    publish_steadily(settings, events, LATENCY_RATE, LATENCY_SECONDS)


def _latency(settings: Settings) -> list[tuple[str, str]]:
    COMMITS.clear()
    stop = StopFlag()
    with _commits_noted():
        runner = threading.Thread(target=run_stream, args=(settings,), kwargs={"stop": stop})
        runner.start()
        time.sleep(START_SECONDS)
        publisher = multiprocessing.get_context("spawn").Process(target=publish_live, args=(settings,))
        publisher.start()
        publisher.join()
        time.sleep(3)
        stop.set()
        runner.join()
    waits = [wait for _, block in COMMITS for wait in block]
    cuts = statistics.quantiles(waits, n=100)
    return [
        (f"publish to visible row at {LATENCY_RATE:,}/s, p50", f"{cuts[49]:.3f} s"),
        (f"publish to visible row at {LATENCY_RATE:,}/s, p99", f"{cuts[98]:.3f} s"),
        ("messages in the latency run", f"{len(waits):,}"),
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
