"""Land the order-management database as it stands at midnight UTC, in `pbm_bronze.oms_*`, as the snapshot of the day.

The dimensions come from these snapshots. Repeating a night replaces that night's snapshot and no other.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Asset, Param, dag
from airflow.timetables.interval import CronDataIntervalTimetable
from pbm360_schedule.environment import SCHEDULE
from pbm360_schedule.tasks import DEFAULTS, RUN_DATE, deadline, run_command

SNAPSHOT = Asset(f"bigquery://{SCHEDULE.project}/pbm_bronze/oms_orders")


@dag(
    schedule=CronDataIntervalTimetable("5 0 * * *", timezone="UTC"),  # five minutes after the day that it snapshots
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    deadline=deadline(),
    default_args=DEFAULTS,
    params={"run_date": Param("", type="string", description="day to snapshot, ISO, UTC; empty: the interval's")},
    tags=["medallion"],
)
def nightly_order_management_snapshot():
    """Patients, pharmacies, drugs and orders, read in one consistent snapshot."""
    run_command("snapshot", "snapshot", "--date", RUN_DATE, outlets=[SNAPSHOT])


nightly_order_management_snapshot()
