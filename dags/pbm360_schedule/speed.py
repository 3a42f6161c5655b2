"""Start and drain the stream: the Flex Template's job on Dataflow, or the laptop's own process."""

from __future__ import annotations

from airflow.sdk import BaseOperator

from pbm360_schedule.environment import SCHEDULE
from pbm360_schedule.tasks import run_command

JOB_NAME = "pbm360-speed-layer"
MAX_WORKERS = 8  # a day's arrears are worked off by so many; one is the rule


def start_stream() -> BaseOperator:
    """Make the task that starts the stream; one that already runs stays."""
    if SCHEDULE.target != "gcp":
        return run_command("start_stream", "speed-layer", "start")
    from airflow.providers.google.cloud.operators.dataflow import DataflowStartFlexTemplateOperator

    region, bucket = SCHEDULE.dataflow_region, f"gs://{SCHEDULE.project}-pbm360-dataflow"
    return DataflowStartFlexTemplateOperator(
        task_id="start_stream",
        project_id=SCHEDULE.project,
        location=SCHEDULE.dataflow_region,
        append_job_name=False,
        wait_until_finished=False,
        body={
            "launchParameter": {
                "jobName": JOB_NAME,
                "containerSpecGcsPath": SCHEDULE.flex_template,
                "environment": {
                    "enableStreamingEngine": True,
                    "serviceAccountEmail": f"pbm360-stream@{SCHEDULE.project}.iam.gserviceaccount.com",
                    "subnetwork": f"regions/{region}/subnetworks/pbm360-{region}",
                    "ipConfiguration": "WORKER_IP_PRIVATE",
                    "stagingLocation": f"{bucket}/staging",
                    "tempLocation": f"{bucket}/temp",
                    "maxWorkers": MAX_WORKERS,
                },
            }
        },
    )


def drain_stream() -> BaseOperator:
    """Make the task that drains the stream: what it has taken is written, nothing new is taken."""
    if SCHEDULE.target != "gcp":
        return run_command("drain_stream", "speed-layer", "drain")
    from airflow.providers.google.cloud.operators.dataflow import DataflowStopJobOperator

    return DataflowStopJobOperator(
        task_id="drain_stream",
        project_id=SCHEDULE.project,
        location=SCHEDULE.dataflow_region,
        job_name_prefix=JOB_NAME,
        drain_pipeline=True,
        stop_timeout=3600,
    )
