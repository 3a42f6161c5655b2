"""Launch the stream on Dataflow from where one is, as the schedule does by the Flex Template."""

from __future__ import annotations

from pbm360.cloud import resources
from pbm360.settings import Settings, SettingsError
from pbm360.stream.dataflow import main

JOB_NAME = "pbm360-speed-layer"


def job_arguments(
    settings: Settings, *, image_tag: str, max_workers: int = 8, machine_type: str = "n2-standard-2"
) -> list[str]:
    """Return the command line of the job: Terraform's network, account, bucket and image; names from the settings."""
    region, project = settings.dataflow_region, settings.project
    bucket = f"gs://{project}-pbm360-dataflow"
    image = f"{region}-docker.pkg.dev/{project}/{resources.REPOSITORY}/dataflow:{image_tag}"
    return [
        "--runner=DataflowRunner",
        f"--project={project}",
        f"--region={region}",
        f"--job_name={JOB_NAME}",
        f"--temp_location={bucket}/temp",
        f"--staging_location={bucket}/staging",
        f"--sdk_container_image={image}",
        f"--service_account_email={resources.account(settings, 'stream')}",
        f"--subnetwork=regions/{region}/subnetworks/pbm360-{region}",
        "--no_use_public_ips",
        "--enable_streaming_engine",
        "--dataflow_service_options=streaming_mode_at_least_once",  # the tables are sets, the minutes too
        "--num_workers=1",
        f"--max_num_workers={max_workers}",
        f"--machine_type={machine_type}",
        f"--input_subscription={settings.subscription}",
        f"--dead_letter_topic={settings.dead_letter_topic}",
        f"--dataset_prefix={settings.dataset_prefix}",
        f"--bigquery_location={settings.location}",
    ]


def launch(settings: Settings, arguments: list[str]) -> None:
    """Submit the job to Google Cloud. Raises `SettingsError` where the settings name a laptop."""
    if settings.target != "gcp":
        raise SettingsError(
            "a job runs on Google Cloud alone; set PBM360_TARGET=gcp and PBM360_PROJECT, or leave launch"
        )
    main(arguments)
