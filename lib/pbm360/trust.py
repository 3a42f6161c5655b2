"""Measure what the trust card says of an installation: how fast it answers, how exact it is."""

from __future__ import annotations

import datetime
import statistics
import time
from collections.abc import Callable

from pbm360 import checks, medallion
from pbm360.warehouse import Warehouse


def seconds_of(work: Callable[[], object], times: int = 3) -> float:
    """Return the median duration of some work, seconds."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


def measure_speed(warehouse: Warehouse, run_date: datetime.date) -> dict[str, float]:
    """Time this installation's everyday questions, seconds, medians; a build of a day that is built changes nothing."""
    noon = datetime.datetime.combine(run_date, datetime.time(12), datetime.UTC)
    return {
        "every order's stage, now (serving view)": seconds_of(lambda: warehouse.run("notebooks/orders_by_stage.sql")),
        "the same, as it was known at noon (time machine)": seconds_of(
            lambda: warehouse.run("notebooks/open_orders_as_of.sql", {"as_of": noon})
        ),
        "gold's orders to Arrow (Storage Read)": seconds_of(lambda: warehouse.read_table("gold.fact_order_lifecycle")),
        "the day built again": seconds_of(lambda: medallion.build(warehouse, run_date), times=1),
    }


def measure_exactness(warehouse: Warehouse) -> dict[str, int]:
    """Count what is compared, and what differs: truth, ledger, seam. Every `... that differ` must be 0."""
    counts = warehouse.run("notebooks/trust.sql").to_pylist()[0]
    seam = warehouse.run("notebooks/serving_against_gold.sql").to_pylist()[0]
    differences = sum(result.failing_row_count for result in checks.compare_with_truth(warehouse))
    return {
        "orders compared with the ground truth": counts["true_order_count"],
        "orders that differ from it": differences,
        "messages in the ledger": counts["received_count"],
        "messages that it doesn't account for": counts["unaccounted_count"],
        "orders compared between the serving view and gold": seam["order_count"],
        "orders that differ between them": seam["different_count"],
    }
