"""Build each day from bronze to gold by executing the tutorial's own chapters 04, 05 and 06 with papermill.

A chapter's gate raises in its cell; the gate after it reads `pbm_ops.quality_results`, and opens only where every
check has a result and none failed. Publication is the last task: nothing is published that a gate did not let pass.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Asset, Param, dag
from airflow.timetables.interval import CronDataIntervalTimetable
from pbm360_schedule.environment import SCHEDULE
from pbm360_schedule.tasks import DEFAULTS, RUN_DATE, deadline, run_chapter, run_command

GOLD = Asset(f"bigquery://{SCHEDULE.project}/pbm_gold/fact_order_lifecycle")


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),  # at 06:00 it builds the day before
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    deadline=deadline(),
    default_args=DEFAULTS,
    params={"run_date": Param("", type="string", description="day to build, ISO, UTC; empty: the interval's")},
    tags=["medallion"],
)
def daily_medallion():
    """Bronze, silver, gold of one day, gates between them, then publication and its event."""
    bronze = run_chapter("bronze", "04_bronze", {"run_date": RUN_DATE})
    silver = run_chapter("silver", "05_silver", {"run_date": RUN_DATE})
    gold = run_chapter("gold", "06_gold", {"run_date": RUN_DATE, "publishes": False})
    silver_gate = run_command("silver_gate", "gate", "--date", RUN_DATE, "--layer", "silver")
    gold_gate = run_command("gold_gate", "gate", "--date", RUN_DATE, "--layer", "gold")
    publish = run_command("publish", "publish", "--date", RUN_DATE, outlets=[GOLD])
    bronze >> silver >> silver_gate >> gold >> gold_gate >> publish


daily_medallion()
