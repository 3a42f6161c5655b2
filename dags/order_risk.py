"""Foresee and tell, every day: train the forecast anew, hold it against what came, then score and watch until the next.

A forecast that can't be trained (too short a past) or judged fails its own task and stops nobody from being told: the
watch then scores by the model that was trained last, or looks at health alone.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, dag
from airflow.timetables.trigger import CronTriggerTimetable
from pbm360_schedule.tasks import DEFAULTS, run_command

WATCH_MINUTES = 23 * 60  # ended before the next day's run


@dag(
    schedule=CronTriggerTimetable("30 7 * * *", timezone="UTC"),  # when the day before is built
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=24),
    default_args=DEFAULTS,
    params={
        "watch_minutes": Param(WATCH_MINUTES, type="number", description="how long to score and watch"),
        "every_seconds": Param(300, type="number", description="seconds between two looks; each reads the open orders"),
    },
    tags=["risk"],
)
def order_risk():
    """Train, judge, watch."""
    train = run_command("train", "risk", "train")
    calibrate = run_command("calibrate", "risk", "calibrate", trigger_rule="all_done")
    watch = run_command(
        "watch_alerts",
        *("alerts", "watch", "--minutes", "{{ params.watch_minutes }}"),
        *("--every-seconds", "{{ params.every_seconds }}"),
        trigger_rule="all_done",
        execution_timeout=timedelta(hours=24),
    )
    train >> calibrate >> watch


order_risk()
