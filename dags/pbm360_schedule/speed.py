"""Start and drain the stream: the Flex Template's job on Dataflow, or the laptop's own process."""

from __future__ import annotations

from airflow.sdk import BaseOperator

from pbm360_schedule.environment import SCHEDULE
from pbm360_schedule.tasks import run_command

JOB_NAME = "pbm360-speed-layer"
MAX_WORKERS = 5  # a day's arrears are worked off by so many; one is the rule


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
                "parameters": stream_parameters(),
                "environment": {
                    "enableStreamingEngine": True,
                    # at least once: the tables are sets, the minutes too; an exact delivery would be paid for nothing
                    "streamingMode": "STREAMING_MODE_AT_LEAST_ONCE",
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


def stream_parameters() -> dict[str, str]:
    """Return what the template is told; the rest are its own defaults (deploy/images/dataflow/metadata.json)."""
    return {
        "input_subscription": SCHEDULE.subscription,
        "dead_letter_topic": SCHEDULE.dead_letter_topic,
        "dataset_prefix": SCHEDULE.dataset_prefix,
        "bigquery_location": SCHEDULE.location,
    }


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
