"""Let the stream run for an hour at 2,000 events a second and watch its memory and its lag.

`python -m tests.benchmarks.soak --minutes 60`
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import time
from pathlib import Path

import psutil

from pbm360 import broker
from pbm360.local import stack
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse
from tests.benchmarks.live_events import events_now, publish_steadily, templates
from tests.benchmarks.processes import start_stream

SAMPLE_SECONDS = 5.0
SETTLE_SECONDS = 180
MEGABYTE = 1e6
COUNTS = """
    select count(*) as row_count, count(distinct message_id) as message_count
    from pbm_bronze.raw_orders where known_date >= @since
"""
EVENTS = "select count(distinct concat(source, '/', event_id)) as event_count from pbm_live.order_events"
LAGS = "select beat_at, lag_seconds, received_count from pbm_ops.heartbeats where beat_date >= @since order by beat_at"


class Memory:
    """Resident memory of processes, sampled as the run goes."""

    def __init__(self, processes: dict[str, psutil.Process]):
        self._processes = processes
        self.samples: list[tuple[float, dict[str, float]]] = []
        self._started = self._next = time.monotonic()

    def sample(self, published: int = 0) -> None:
        """Take a sample where one is due (10^6 bytes, by process)."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SAMPLE_SECONDS
        megabytes = {name: process.memory_info().rss / MEGABYTE for name, process in self._processes.items()}
        self.samples.append((now - self._started, megabytes))
        if len(self.samples) % 12 == 1:
            shown = ", ".join(f"{name} {size:,.0f} MB" for name, size in megabytes.items())
            print(f"{now - self._started:7.0f} s  {published:>10,} published  {shown}", flush=True)

    def quarter(self, name: str, number: int) -> float:
        """Return the mean of a quarter (1 to 4) of the run."""
        quarter = len(self.samples) // 4
        return statistics.mean(sizes[name] for _, sizes in self.samples[(number - 1) * quarter : number * quarter])


def measure(minutes: float = 60, rate: int = 2000) -> list[tuple[str, str]]:
    """Return (what, figure) rows of one run."""
    with fresh_warehouse() as warehouse:
        settings = warehouse.settings
        broker.ensure_topics(settings)
        since = datetime.datetime.now(datetime.UTC).date()
        stream = start_stream(settings, log=Path(settings.state_dir) / "stream.log")
        try:
            servers = {row.name: psutil.Process(row.pid) for row in stack.status(settings) if row.pid}
            memory = Memory({"stream": psutil.Process(stream.pid)} | servers)
            events = events_now(templates(settings.pseudonym_key), f"soak{time.time_ns()}")
            published = publish_steadily(settings, events, rate, minutes * 60, memory.sample)
            landed = _wait_until_landed(warehouse, since, published)
            lags = warehouse.query(LAGS, {"since": since}).to_pylist()
        finally:
            stream.terminate()
            stream.wait(120)
        return _figures(minutes, published, landed, memory, lags)


def _wait_until_landed(warehouse: Warehouse, since: datetime.date, published: int) -> tuple[int, int]:
    """Return the distinct messages in bronze and the distinct events in live, once all are there."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        [counts] = warehouse.query(COUNTS, {"since": since}).to_pylist()
        if counts["message_count"] >= published or time.monotonic() > deadline:
            return counts["message_count"], warehouse.query(EVENTS).to_pylist()[0]["event_count"]
        time.sleep(2)


def _figures(
    minutes: float, published: int, landed: tuple[int, int], memory: Memory, lags: list[dict]
) -> list[tuple[str, str]]:
    figures = [
        (f"soak of {minutes:g} minutes: published", f"{published:,} ({published / minutes / 60:,.0f}/s)"),
        ("soak: distinct messages in bronze, events in live", f"{landed[0]:,}, {landed[1]:,}"),
    ]
    for name in memory.samples[0][1]:
        second, last = memory.quarter(name, 2), memory.quarter(name, 4)
        growth = (last / second - 1) * 100
        figures.append(
            (f"soak: memory of {name}, second and last quarter", f"{second:,.0f}, {last:,.0f} MB ({growth:+.1f} %)")
        )
    quarter = max(len(lags) // 4, 1)
    parts = [lags[number * quarter : (number + 1) * quarter] for number in range(4)]
    medians = [statistics.median(row["lag_seconds"] for row in part) for part in parts if part]
    figures.append(("soak: median lag by quarter", ", ".join(f"{lag:.2f}" for lag in medians) + " s"))
    return figures


def main() -> None:
    """Run it for as long as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    arguments = parser.parse_args()
    for what, figure in measure(arguments.minutes, arguments.rate):
        print(f"{what:<60} {figure}", flush=True)


if __name__ == "__main__":
    main()
