"""Build each day from bronze to gold by executing the tutorial's own chapters 04, 05 and 06 with papermill.

Gates stand inside the chapters: a failed check raises in its cell, so nothing later runs and nothing is published.
Executed notebooks are kept by run under `PBM360_RUNS` (a folder, or `gs://bucket/runs`).
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import Asset, dag, task
from airflow.timetables.interval import CronDataIntervalTimetable

HOME = Path(os.environ.get("PBM360_HOME", Path(__file__).parents[1]))
RUNS = os.environ.get("PBM360_RUNS", str(HOME / ".pbm360" / "runs"))
CHAPTERS = {"bronze": "04_bronze", "silver": "05_silver", "gold": "06_gold"}
PROJECT = os.environ.get("PBM360_PROJECT", "pbm-local")
GOLD = Asset(f"bigquery://{PROJECT}/pbm_gold/fact_order_lifecycle")


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    default_args={
        "retries": int(os.environ.get("PBM360_TASK_RETRIES", "2")),
        "retry_delay": timedelta(minutes=2),
        "execution_timeout": timedelta(hours=1),
    },
    tags=["medallion"],
)
def daily_medallion():
    """Bronze, silver, gold of the day that the run's interval covers."""

    @task
    def make_output_folder(ds: str, run_id: str) -> None:
        if "://" not in RUNS:  # papermill makes no folders
            Path(RUNS, ds, run_id).mkdir(parents=True, exist_ok=True)

    def chapter(layer: str, **options) -> PapermillOperator:
        name = CHAPTERS[layer]
        return PapermillOperator(
            task_id=layer,
            input_nb=str(HOME / "notebooks" / f"{name}.ipynb"),
            output_nb=f"{RUNS}/{{{{ ds }}}}/{{{{ run_id }}}}/{name}.ipynb",
            parameters={"run_date": "{{ ds }}"},
            do_xcom_push=False,
            **options,
        )

    make_output_folder() >> chapter("bronze") >> chapter("silver") >> chapter("gold", outlets=[GOLD])


daily_medallion()
