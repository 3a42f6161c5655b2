"""The daily build, by a real Airflow: two days, one of them twice, and a day with a cell that fails."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from pbm360.warehouse import Warehouse
from tests.dags.conftest import PROJECT, ROOT, Commands
from tests.messages import bronze_row, event

DAY, NEXT_DAY, LAST_DAY = "2026-11-19", "2026-11-20", "2026-11-21"
BUILT_TABLES = [
    *(f"silver.{name}" for name in ("stg_order_events", "rejected_events")),
    *(f"gold.{name}" for name in ("fact_order_lifecycle", "fact_stage_visits", "fact_patient_feedback", "dim_drugs")),
    *(f"gold.{name}" for name in ("dim_patients", "dim_pharmacies", "dim_stages")),
]


@pytest.fixture(scope="module")
def warehouse(warehouse_named) -> Warehouse:
    """Bronze of two days: an order that is delivered on the second, one that waits, one broken message."""
    made = warehouse_named(PROJECT)
    made.load_rows(
        "bronze.raw_orders",
        [
            bronze_row("1", event("o1", "oms", "referral_received", "19 09:00", patient_id="P1"), "19 09:01"),
            bronze_row("2", event("s1", "wms", "shipped", "19 20:00"), "19 20:01", "wms"),
            bronze_row("3", event("o2", "oms", "referral_received", "19 11:00", order_id="A2"), "19 11:01"),
            bronze_row("4", event("d1", "carrier", "delivered", "20 15:00"), "20 15:01", "carrier"),
            bronze_row("5", b'{"cut', "20 16:00", "oms"),
        ],
    )
    return made


def checksums(warehouse: Warehouse) -> dict[str, str]:
    """Fingerprint every built table: its rows as text, every column of them, sorted."""
    return {table: checksum(warehouse.read_table(table).to_pylist()) for table in BUILT_TABLES}


def checksum(rows: list[dict]) -> str:
    lines = sorted(json.dumps(row, default=str) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder of chapters of the tests' own, so that one can be spoilt."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return folder


@pytest.fixture(scope="module")
def commands(airflow, home) -> Iterator[Commands]:
    """A process that runs `airflow` commands on a fresh metadata database."""
    started = airflow.start(PBM360_HOME=str(home))
    assert started.run("db", "migrate") == 0, started.output[-3000:]
    yield started
    started.stop()


def build(commands: Commands, day: str) -> bool:
    """Run `airflow dags test` for a day; returns whether the run succeeded."""
    return commands.run("dags", "test", "daily_medallion", day) == 0


def statuses(warehouse: Warehouse) -> list[tuple[str, str]]:
    runs = warehouse.read_table("ops.batch_runs").to_pylist()
    return [(str(run["run_date"]), run["status"]) for run in sorted(runs, key=lambda run: run["started_at"])]


@pytest.mark.timeout(600)
def test_two_days_are_published_and_the_second_again_changes_nothing(airflow, commands, warehouse):
    for day in (DAY, NEXT_DAY):
        assert build(commands, day), commands.output[-5000:]
    orders = {row["order_id"]: row["status"] for row in warehouse.read_table("gold.fact_order_lifecycle").to_pylist()}
    assert orders == {"A1": "delivered", "A2": "open"}
    once = checksums(warehouse)
    assert build(commands, NEXT_DAY), commands.output[-5000:]
    assert checksums(warehouse) == once
    assert statuses(warehouse) == [(DAY, "published"), (NEXT_DAY, "published"), (NEXT_DAY, "published")]
    assert [path.stem for path in airflow.executed_chapters(DAY)] == ["04_bronze", "05_silver", "06_gold"]
    assert airflow.alerts == []


@pytest.mark.timeout(600)
def test_a_cell_that_fails_publishes_nothing_and_is_named_by_the_alert(airflow, commands, warehouse, home):
    spoil(home / "notebooks" / "05_silver.ipynb")
    before, known = checksums(warehouse), len(statuses(warehouse))
    assert not build(commands, LAST_DAY)
    assert checksums(warehouse) == before
    assert [status for _, status in statuses(warehouse)[known:]] == ["staged"]
    [alert] = airflow.alerts
    assert (alert["dag"], alert["task"], alert["error"]) == ("daily_medallion", "silver", "PapermillExecutionError")
    assert alert["cell"] == "code cell 5, 'Judge and stage'"
    assert [Path(alert["notebook"])] == airflow.executed_chapters(LAST_DAY)[-1:]
    assert errors_shown(Path(alert["notebook"])) == ["ValueError"]


def errors_shown(notebook: Path) -> list[str]:
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["ename"] for output in outputs if output["output_type"] == "error"]


def spoil(notebook: Path) -> None:
    """Let the cell that stages silver fail after it has staged."""
    document = nbformat.read(notebook, as_version=4)
    [cell] = [cell for cell in document.cells if "medallion.stage_silver(" in cell.source and cell.cell_type == "code"]
    cell.source += '\nraise ValueError("an injected failure")'
    nbformat.write(document, notebook)
