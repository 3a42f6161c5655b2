"""Measure a day's build, the serving view and the time machine, on a fortnight of simulated orders."""

from __future__ import annotations

import datetime
import json
import tempfile
import time
from pathlib import Path

from pbm360 import checks, medallion, oms
from pbm360.local import stack
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import Warehouse
from tests.messages import simulated_row

ORDERS = 5_000
DAYS = 14


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows, measured on a fresh stack."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder) / "state", pseudonym_key="k" * 40)
        stack.up(settings)
        try:
            addresses = json.loads(settings.stack_file.read_text())["addresses"]
            return _days(Settings(state_dir=settings.state_dir, pseudonym_key="k" * 40, **addresses))
        finally:
            stack.down(settings)


def _days(settings: Settings) -> list[tuple[str, str]]:
    warehouse, end = Warehouse(settings), datetime.datetime(2026, 11, 20, 18, tzinfo=datetime.UTC)
    medallion.prepare(warehouse)
    oms.migrate(settings)
    simulation = simulate(SimulationParameters(orders=ORDERS, days=DAYS, end=end, seed=360))
    entities = simulation.entities()
    oms.seed(settings, **vars(entities))
    rows = [simulated_row(number, message) for number, message in enumerate(simulation.messages())]
    warehouse.load_rows("bronze.raw_orders", rows)
    warehouse.load_rows("truth.orders", simulation.truth_orders())
    warehouse.load_rows("truth.defects", simulation.truth_defects())
    reports = medallion.backfill(warehouse, (end - datetime.timedelta(days=DAYS)).date(), end.date())
    differences = sum(result.failing_row_count for result in checks.compare_with_truth(warehouse))
    first, *others = sorted(report.seconds for report in reports)
    return [
        (f"{len(reports)} days, {len(rows):,} messages, bronze to gold", f"{first + sum(others):.1f} s"),
        ("a day, median", f"{sorted([first, *others])[len(reports) // 2]:.2f} s"),
        ("differences from the ground truth", str(differences)),
        ("serving view, all orders (median of 5)", _timed(warehouse, "notebooks/orders_by_stage.sql", {})),
        (
            "time machine, all orders (median of 5)",
            _timed(warehouse, "notebooks/open_orders_as_of.sql", {"as_of": end}),
        ),
    ]


def _timed(warehouse: Warehouse, sql_file: str, parameters: dict) -> str:
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        warehouse.run(sql_file, parameters)
        seconds.append(time.perf_counter() - started)
    return f"{sorted(seconds)[2]:.2f} s"


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<60} {figure}")
