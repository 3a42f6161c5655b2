"""Keep the speed layer running for a day: start the stream, watch how fresh it is, drain it.

On gcp the stream is the Flex Template's job on Dataflow, on a laptop it is `pbm360 stream`. It is drained, never
cancelled: what it has taken from the subscription is written before it ends. A stream that has gone stale fails the
watch and is left as it is, for people to look at.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, dag
from airflow.timetables.trigger import CronTriggerTimetable
from pbm360_schedule.speed import drain_stream, start_stream
from pbm360_schedule.tasks import DEFAULTS, run_command

WATCH_MINUTES = 23 * 60 + 30  # drained before the next day's run starts it again


@dag(
    schedule=CronTriggerTimetable("0 0 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=24),
    default_args=DEFAULTS,
    params={
        "watch_minutes": Param(WATCH_MINUTES, type="number", description="how long to watch before draining"),
        "stale_seconds": Param(300, type="number", description="age of the last heartbeat that fails the watch"),
    },
    tags=["stream"],
)
def speed_layer():
    """Start, watch, drain."""
    watch = run_command(
        "watch_freshness",
        *("speed-layer", "watch", "--minutes", "{{ params.watch_minutes }}"),
        *("--stale-seconds", "{{ params.stale_seconds }}"),
        execution_timeout=timedelta(hours=24),
    )
    start_stream() >> watch >> drain_stream()


speed_layer()
