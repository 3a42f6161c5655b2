"""What would be submitted to Dataflow, caught offline: the real request, of the pipeline as the template runs it."""

import json
import os

import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2

from pbm360.settings import Settings, SettingsError
from pbm360.stream.dataflow import large_payload_folder, read_options
from pbm360.stream.job_request import SubmissionFailed, capture_job
from pbm360.stream.launch import job_arguments, launch
from pbm360.stream.options import StreamOptions
from tests.deploy.configuration import Configuration

SECRET = "a-key-that-must-not-travel-0123456789abcdef"
IMAGE = "us-central1-docker.pkg.dev/pbm-demo/pbm360/dataflow:7"
SETTINGS = Settings(target="gcp", project="pbm-demo", location="EU", pseudonym_key=SECRET)


@pytest.fixture(scope="module")
def request_sent():
    """The request, of an image that knows its own name, where a key lies in the environment."""
    arguments = [given for given in job_arguments(SETTINGS, image_tag="7") if "image" not in given]
    environment = os.environ | {"STREAM_IMAGE": IMAGE, "PBM360_PSEUDONYM_KEY": SECRET}
    return capture_job([*arguments, "--block_seconds=1.5"], environment)


def test_the_job_is_a_stream_on_the_streaming_engine_at_least_once(request_sent):
    job, environment = request_sent.job, request_sent.job["environment"]
    assert (job["name"], job["type"]) == ("pbm360-speed-layer", 2)  # JOB_TYPE_STREAMING
    assert {"enable_streaming_engine", "enable_windmill_service", "use_runner_v2"} <= set(environment["experiments"])
    assert "streaming_mode_at_least_once" in environment["serviceOptions"]
    assert environment["serviceAccountEmail"] == "pbm360-stream@pbm-demo.iam.gserviceaccount.com"
    given = environment["sdkPipelineOptions"]["options"]
    assert (given["update"], given["bigquery_location"], given["sink"]) == (False, "EU", "storage_write_api")


def test_its_workers_scale_by_throughput_in_our_image_without_public_addresses(request_sent):
    pool = request_sent.worker_pool
    assert pool["autoscalingSettings"] == {"algorithm": 2, "maxNumWorkers": 8}  # AUTOSCALING_ALGORITHM_BASIC
    assert (pool["numWorkers"], pool["machineType"]) == (1, "n2-standard-2")
    assert [image["containerImage"] for image in pool["sdkHarnessContainerImages"]] == [IMAGE]
    assert pool["ipConfiguration"] == 2  # WORKER_IP_PRIVATE
    assert pool["subnetwork"] == "regions/us-central1/subnetworks/pbm360-us-central1"


def test_its_steps_are_those_of_the_laptop_behind_blocks_from_pubsub(request_sent):
    assert request_sent.steps(depth=1) == [
        ("ReadBlocks", ""),
        ("JudgeMessages", "ReadBlocks"),
        ("LandRaw", "JudgeMessages"),
        ("LandLive", "LandRaw"),
        ("SendDeadLetters", "LandLive"),
        ("Acknowledge", "SendDeadLetters"),
        ("CountStagesByMinute", "Acknowledge"),
        ("WriteMinutes", "CountStagesByMinute"),
        ("BeatHeart", "Acknowledge"),
    ]


def test_messages_come_with_attributes_and_without_an_id_label(request_sent):
    payloads = [step.spec.payload for step in steps_of(request_sent, common_urns.composites.PUBSUB_READ.urn)]
    (read,) = [beam_runner_api_pb2.PubSubReadPayload.FromString(payload) for payload in payloads]
    assert read.subscription == "projects/pbm-demo/subscriptions/orders-events-stream"
    assert (read.with_attributes, read.id_attribute, read.timestamp_attribute, read.topic) == (True, "", "", "")


def test_single_messages_are_grouped_under_sharded_keys_for_a_bounded_time(request_sent):
    urn = common_urns.composites.GROUP_INTO_BATCHES_WITH_SHARDED_KEY.urn
    (grouping,) = steps_of(request_sent, urn)
    asked = beam_runner_api_pb2.GroupIntoBatchesPayload.FromString(grouping.spec.payload)
    assert (asked.batch_size, asked.max_buffering_duration_millis) == (500, 1500)


def test_no_secret_and_nothing_but_the_graph_travels_with_the_job(request_sent):
    assert [name.rsplit("/", 1)[1] for name in request_sent.files] == ["pipeline.pb"]
    assert SECRET not in json.dumps(request_sent.job)
    assert all(SECRET.encode() not in content for content in request_sent.files.values())


def steps_of(request_sent, urn):
    return [step for step in request_sent.graph.components.transforms.values() if step.spec.urn == urn]


@pytest.mark.parametrize(
    "given",
    [
        "--block_messages=0",
        "--block_seconds=soon",
        "--sink=files",
        "--dataset_prefix=PBM-1",
        "--input_subscription=a b",
    ],
)
def test_an_option_that_can_not_be_used_is_refused_with_what_was_expected(given, capsys):
    with pytest.raises(SystemExit):
        StreamOptions([given])
    name, _, value = given.removeprefix("--").partition("=")
    said = capsys.readouterr().err
    assert f"{name} must match " in said and f"got {value!r}" in said


def test_a_pipeline_that_submits_nothing_says_why():
    with pytest.raises(SubmissionFailed, match="sink must match storage_write_api"):
        capture_job(["--sink=files"])


def test_a_laptop_launches_nothing():
    with pytest.raises(SettingsError, match="PBM360_TARGET=gcp"):
        launch(Settings(), [])


def test_a_launch_names_our_image_where_no_image_launches_it():
    assert f"--sdk_container_image={IMAGE}" in job_arguments(SETTINGS, image_tag="7")


def test_large_payloads_lie_where_nothing_is_deleted_by_age():
    folder = large_payload_folder(read_options(job_arguments(SETTINGS, image_tag="7")))
    assert folder == "gs://pbm-demo-pbm360-dataflow/large_payloads"
    rules = Configuration().resources("google_storage_bucket")
    (bucket,) = [rule.body for rule in rules if rule.name == "dataflow"]
    prefixes = [
        prefix for rule in bucket["lifecycle_rule"] for prefix in rule["condition"][0].get("matches_prefix", [])
    ]
    assert prefixes and not any("large_payloads/".startswith(prefix) for prefix in prefixes)
