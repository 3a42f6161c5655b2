"""Build a range of days again: one run of `daily_medallion` for each, one after the other, oldest first.

It starts runs of that DAG and builds nothing itself, so a backfill and the daily build never share the staging tables.
"""

from __future__ import annotations

from datetime import date, timedelta

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag, task
from pbm360_schedule.tasks import DEFAULTS


@dag(
    schedule=None,  # when somebody asks for it
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(days=2),
    default_args=DEFAULTS,
    params={
        "from": Param("", type="string", description="first day, ISO, UTC"),
        "to": Param("", type="string", description="last day, included"),
    },
    tags=["medallion"],
)
def backfill():
    """Every day of `from` to `to`, both included."""

    @task
    def days(params: dict, run_id: str) -> list[dict]:
        first, last = date.fromisoformat(params["from"]), date.fromisoformat(params["to"])
        if last < first:
            raise ValueError(f"`to` must not be before `from`; got from {first} to {last}")
        every = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
        return [{"conf": {"run_date": day}, "trigger_run_id": f"{run_id}__{day}"} for day in every]

    TriggerDagRunOperator.partial(
        task_id="build_day",
        trigger_dag_id="daily_medallion",
        logical_date=None,
        wait_for_completion=True,
        poke_interval=10,
        reset_dag_run=True,
        max_active_tis_per_dagrun=1,
        execution_timeout=timedelta(hours=8),
    ).expand_kwargs(days())


backfill()
