"""Measure the medallion: a million events from bronze to gold, what a longer history costs, reads meanwhile."""

from __future__ import annotations

import datetime
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pbm360 import medallion
from pbm360.batch_run import OVERLAP_DAYS
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse, peak_memory_gigabytes
from tests.benchmarks.native import NativeMedallion

ORDERS, BLOCKS, ROUNDS = 250_000, 10, 3
DAY = datetime.date(2026, 11, 20)
INCREMENT_ORDERS, HISTORY_DAYS, TIMES_LONGER = 5_000, 3, 10
JOURNEY = (  # event type, source, hours after the referral, fields
    ("referral_received", "oms", 0, {"pharmacy_id": "PH1", "drug_ndc": "99999000101", "priority": "routine"}),
    ("claim_paid", "payer", 1, {"patient_pay": 25.5, "plan_type": "commercial"}),
    ("shipped", "wms", 2, {"carrier": "UPS", "station": "S1", "scanner_id": "SC1"}),
    ("delivered", "carrier", 3, {"carrier": "UPS", "condition": "intact"}),
)
LANDED = pa.schema(
    [
        ("message_id", pa.string()),
        ("publish_time", pa.timestamp("us", "UTC")),
        ("ingested_at", pa.timestamp("us", "UTC")),
        ("known_at", pa.timestamp("us", "UTC")),
        ("known_date", pa.date32()),
        ("source", pa.string()),
        ("attributes", pa.string()),
        ("payload", pa.binary()),
    ]
)


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows, measured on fresh stacks."""
    return [*_million(), *_increments()]


def _million() -> Iterator[tuple[str, str]]:
    """Build a million events beside the native baseline, `ROUNDS` times; then once more while a dashboard reads."""
    blocks = [order_rows(DAY, ORDERS // BLOCKS, f"M{block}-") for block in range(BLOCKS)]
    rounds = [_side_by_side(blocks) for _ in range(ROUNDS)]
    ours, native = (statistics.median(times) for times in zip(*[item[:2] for item in rounds], strict=True))
    events = f"{ORDERS * len(JOURNEY):,} events, {ORDERS:,} orders, bronze to gold"
    yield f"{events} (median of {ROUNDS})", f"{ours:.1f} s"
    yield "native DuckDB SQL for the same tables, side by side", f"{native:.1f} s ({ours / native:.2f} times)"
    yield "rows that only one of the two has", str(sum(item[2] for item in rounds))
    yield from _read_meanwhile(blocks)


def _side_by_side(blocks: list[pa.Table]) -> tuple[float, float, int]:
    """Return the seconds of the build, those of the native baseline, and the rows in which their tables differ."""
    with fresh_warehouse() as warehouse, tempfile.TemporaryDirectory() as folder:
        _land(warehouse, blocks)
        seconds = medallion.build(warehouse, DAY).seconds
        native = NativeMedallion(Path(folder) / "native.duckdb", warehouse)
        for block in blocks:
            native.load("bronze.raw_orders", block)
        native_seconds = native.build(DAY - datetime.timedelta(days=OVERLAP_DAYS), DAY)
        unequal = sum(native.unequal_rows(warehouse).values())
        native.close()
        return seconds, native_seconds, unequal


def _read_meanwhile(blocks: list[pa.Table]) -> Iterator[tuple[str, str]]:
    with fresh_warehouse() as warehouse:
        _land(warehouse, blocks)
        reads: list[float] = []
        over = threading.Event()
        reader = threading.Thread(target=_read_dashboard, args=(Warehouse(warehouse.settings), reads, over))
        reader.start()
        medallion.build(warehouse, DAY)
        over.set()
        reader.join()
        yield "peak memory of the stack's servers meanwhile", f"{peak_memory_gigabytes(warehouse):.2f} GB"
        yield (
            "a dashboard's query while it builds, median / longest",
            f"{statistics.median(reads):.2f} s / {max(reads):.2f} s",
        )
        started = time.perf_counter()
        row_count = warehouse.read_table("gold.fact_order_lifecycle").num_rows
        yield f"{row_count:,} rows of the fact to Arrow (Storage Read)", f"{time.perf_counter() - started:.2f} s"


def _land(warehouse: Warehouse, blocks: list[pa.Table]) -> None:
    for block in blocks:
        warehouse.load_arrow("bronze.raw_orders", block)


def _read_dashboard(warehouse: Warehouse, seconds: list[float], over: threading.Event) -> None:
    while not over.is_set():
        now = datetime.datetime.now(datetime.UTC)
        for name, parameters in (("dashboards/freshness.sql", {"now": now}), ("notebooks/orders_by_stage.sql", {})):
            started = time.perf_counter()
            warehouse.run(name, parameters)
            seconds.append(time.perf_counter() - started)
        over.wait(0.5)


def _increments() -> Iterator[tuple[str, str]]:
    times = {}
    with fresh_warehouse() as warehouse:
        first = DAY - datetime.timedelta(days=HISTORY_DAYS * TIMES_LONGER)
        for number in range(HISTORY_DAYS * TIMES_LONGER + 1):
            day = first + datetime.timedelta(days=number)
            _land(warehouse, [order_rows(day, INCREMENT_ORDERS, f"D{number}-")])
            times[number] = medallion.build(warehouse, day).seconds
    short = statistics.median(times[number] for number in range(HISTORY_DAYS, 2 * HISTORY_DAYS + 1))
    long = statistics.median(times[number] for number in list(times)[-HISTORY_DAYS - 1 :])
    yield (
        f"a day of {INCREMENT_ORDERS * len(JOURNEY):,} events with {HISTORY_DAYS} to 6 days behind it",
        f"{short:.2f} s",
    )
    yield f"the same with {HISTORY_DAYS * TIMES_LONGER} days behind it", f"{long:.2f} s ({long / short:.2f} times)"


def order_rows(day: datetime.date, orders: int, prefix: str) -> pa.Table:
    """Return bronze's rows of orders that begin and end on a day."""
    start = datetime.datetime.combine(day, datetime.time(6), datetime.UTC)
    columns: list[list] = [[] for _ in LANDED]
    for number in range(orders):
        received_at = start + datetime.timedelta(milliseconds=number * 100)
        for step, (event_type, source, hours, data) in enumerate(JOURNEY):
            happened_at = received_at + datetime.timedelta(hours=hours)
            event = {
                "specversion": "1.0",
                "id": f"{prefix}{number}-{step}",
                "source": source,
                "type": event_type,
                "time": happened_at.isoformat(),
                "subject": f"{prefix}{number}",
                "dataschema": "order-event/1",
                "data": {"patient_id": f"P{number % 20_000}", **data},
            }
            row = (f"{prefix}{number}-{step}", *[happened_at] * 3, day, source, "{}", json.dumps(event).encode())
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, LANDED, strict=True)]
    return pa.table(arrays, schema=LANDED)


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<70} {figure}", flush=True)
