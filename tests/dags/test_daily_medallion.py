"""The schedule, by a real Airflow: the DAG parses, and a run of a day publishes it once."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pbm360.warehouse import Warehouse
from tests.messages import bronze_row, event

ROOT = Path(__file__).parents[2]
DAY = datetime.date(2026, 11, 20)


@pytest.fixture(scope="module")
def airflow(settings, tmp_path_factory):
    """Run an `airflow` command with a home of its own and this repository's DAGs."""
    home = tmp_path_factory.mktemp("airflow")
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PBM360_TASK_RETRIES": "0",
        "PBM360_RUNS": str(home / "runs"),
        "PBM360_PROJECT": "pbm-airflow",
        "PBM360_BIGQUERY_URL": settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": settings.bigquery_storage_endpoint,
        "PBM360_OMS_DSN": settings.oms_dsn,
        "PBM360_PSEUDONYM_KEY": settings.pseudonym_key,
        "PBM360_STATE_DIR": str(home / "state"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [str(Path(sys.executable).with_name("airflow")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=280)

    migrated = run("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr[-3000:]
    run.home = home
    return run


def test_a_run_of_a_day_executes_the_chapters_and_publishes_it_once(airflow, warehouse_named):
    warehouse: Warehouse = warehouse_named("pbm-airflow")
    warehouse.load_rows(
        "bronze.raw_orders",
        [
            bronze_row("1", event("o1", "oms", "referral_received", "20 09:00", patient_id="P1"), "20 09:01"),
            bronze_row("2", event("s1", "wms", "shipped", "20 10:00"), "20 10:01", "wms"),
            bronze_row(
                "3",
                event("d1", "carrier", "delivered", "20 15:00", promised_at="2026-11-20T18:00:00Z"),
                "20 15:01",
                "carrier",
            ),
            bronze_row("4", b'{"cut', "20 16:00", "oms"),
        ],
    )
    finished = airflow("dags", "test", "daily_medallion", DAY.isoformat())
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-3000:]
    [order] = warehouse.read_table("gold.fact_order_lifecycle").to_pylist()
    assert (order["order_id"], order["status"], order["event_count"]) == ("A1", "delivered", 3)
    runs = warehouse.read_table("ops.batch_runs").to_pylist()
    assert [(run["run_date"], run["status"]) for run in runs] == [(DAY, "published")]
    assert sorted(path.name for path in airflow.home.rglob("0*.ipynb")) == [
        "04_bronze.ipynb",
        "05_silver.ipynb",
        "06_gold.ipynb",
    ]
