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
from pbm360.warehouse import Warehouse
from tests.benchmarks import transforms
from tests.benchmarks.fresh import fresh_warehouse
from tests.benchmarks.live_events import Pair, events_now, publish_steadily, recent, templates
from tests.stream.counts import counted_by_minute, entered_by_minute

BULK_ORDERS, BULK_DAYS = 14_000, 14
BACKLOG_HOURS = 6  # that the bulk's events happened in: none is too late to count
TRANSFORMED = 40_000
LATENCY_RATE = 2_000  # messages a second
LATENCY_SECONDS = 30
READ_ONE_OF, READ_EVERY_SECONDS, READ_BACK_SECONDS = 100, 0.05, 10
READ_LIVE = """
    select event_id, publish_time from pbm_live.order_events
    where ingested_at >= @since and ends_with(event_id, '00')
"""
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
        messages = backlog(BULK_ORDERS, BULK_DAYS)
        # latency first: after the bulk a start counts the day's minutes anew before it reads
        latency = _latency(settings)
        bulk = _bulk(warehouse, messages)
        alone = transforms.measure(messages[-TRANSFORMED:])
        return [*bulk, *latency, *alone, *_stock(settings, messages)]


def backlog(orders: int, days: int) -> list[Pair]:
    """Return a history's messages as what the last hours left in the topic."""
    end = datetime.datetime.now(datetime.UTC)
    history = simulate(SimulationParameters(orders=orders, days=days, end=end, seed=1)).messages()
    return recent(((message.payload, message.attributes) for message in history), BACKLOG_HOURS, end)


def _bulk(warehouse: Warehouse, messages: list[Pair]) -> list[tuple[str, str]]:
    COMMITS.clear()
    settings = warehouse.settings
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
    counted, minutes = _counted(warehouse, state)
    return [
        ("topic to committed rows of both tables, bulk, sustained", f"{sustained:,.0f} events/s"),
        ("the same, with the start of the stream", f"{state.received / state.seconds:,.0f} events/s"),
        ("processor time an event (microseconds)", shares),
        ("messages in the bulk run", f"{state.received:,}"),
        (
            "entries into a stage that live holds and the minutes count",
            f"{counted:,} in {minutes:,} minutes, 0 too late",
        ),
    ]


def _counted(warehouse: Warehouse, state: feed.FeedState) -> tuple[int, int]:
    """Assert that every entry into a stage was in time and is in its minute's count; returns entries and minutes."""
    assert state.too_late == 0, f"{state.too_late:,} of {state.received:,} events were too late to count"
    now = datetime.datetime.now(datetime.UTC)
    counted = counted_by_minute(warehouse, now)
    assert counted and counted == entered_by_minute(warehouse, now), "the minutes' counts are not the entries of live"
    return sum(row["n"] for row in counted), len({row["minute_at"] for row in counted})


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


def read_live(settings: Settings, ended, waits) -> None:
    """Ask live again and again for each hundredth event, in a process of its own.

    Puts into `waits` the seconds from each one's publishing to the end of the query that first returned its row.
    """
    warehouse, seen, found = Warehouse(settings), set(), []
    while not ended.is_set():
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=READ_BACK_SECONDS)
        rows = warehouse.query(READ_LIVE, {"since": since}).to_pylist()
        now = datetime.datetime.now(datetime.UTC)
        found += [(now - row["publish_time"]).total_seconds() for row in rows if row["event_id"] not in seen]
        seen |= {row["event_id"] for row in rows}
        time.sleep(READ_EVERY_SECONDS)
    waits.put(found)


def _latency(settings: Settings) -> list[tuple[str, str]]:
    COMMITS.clear()
    stop = StopFlag()
    processes = multiprocessing.get_context("spawn")
    ended, read = processes.Event(), processes.Queue()
    with _commits_noted():
        runner = threading.Thread(target=lambda: states.append(run_stream(settings, stop=stop)))
        states: list[feed.FeedState] = []
        runner.start()
        reader = processes.Process(target=read_live, args=(settings, ended, read))
        reader.start()
        time.sleep(START_SECONDS)
        publisher = processes.Process(target=publish_live, args=(settings,))
        publisher.start()
        publisher.join()
        time.sleep(3)
        ended.set()
        seen = read.get(timeout=60)
        reader.join()
        stop.set()
        runner.join()
    waits = [wait for _, block in COMMITS for wait in block]
    assert states[0].too_late == 0, f"{states[0].too_late:,} events that happened now were too late to count"
    whole = (len(waits) - 1) // READ_ONE_OF  # ids end in a number that begins with 0
    assert len(seen) == whole, f"{len(seen):,} of {whole:,} rows were read"
    return [
        *_quantiles(f"publish to acknowledged after both commits at {LATENCY_RATE:,}/s, every message", waits),
        *_quantiles(f"publish to row read from live at {LATENCY_RATE:,}/s, one of {READ_ONE_OF}", seen),
        ("messages in the latency run, rows of them that were read", f"{len(waits):,}, {len(seen):,}"),
    ]


def _quantiles(what: str, waits: list[float]) -> list[tuple[str, str]]:
    cuts = statistics.quantiles(waits, n=100)
    return [(f"{what}, p50", f"{cuts[49]:.3f} s"), (f"{what}, p99", f"{cuts[98]:.3f} s")]


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
