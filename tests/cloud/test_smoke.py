"""The smoke tests pass, fail and say what next: against servers that answer as Google's do, and the stack's own."""

import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from google.oauth2.credentials import Credentials

from pbm360 import broker
from pbm360.cloud import resources, smoke, smoke_data, smoke_services
from pbm360.cloud.api import Api
from pbm360.settings import Settings
from tests.cloud.google_apis import PROJECT, REGION, GoogleApis
from tests.deploy.configuration import Configuration
from tests.deploy.tools import ROOT

SETTINGS = Settings(target="gcp", project=PROJECT)
PLACE = f"projects/{PROJECT}/locations/{REGION}"
LISTED = re.findall(r"^\| (\d+) \|.*\| `([\w ]+)` \|$", (ROOT / "docs" / "unproven.md").read_text(), re.MULTILINE)
ALERTS = [
    "Events wait: x",
    "Live is not fresh: x",
    "Many messages are refused",
    "A gate is shut: x",
    "No events come: x",
]
GOOD = {
    "database takes IAM": (
        f"/run/v2/{PLACE}/jobs/pbm360-prepare",
        {"latestCreatedExecution": {"completionStatus": "EXECUTION_SUCCEEDED"}},
        {"latestCreatedExecution": {"completionStatus": "EXECUTION_FAILED"}},
    ),
    "composer took packages": (
        f"/composer/v1/{PLACE}/environments/pbm360",
        {
            "state": "RUNNING",
            "config": {"softwareConfig": {"imageVersion": "composer-3-airflow-3.3.1", "pypiPackages": {"a": ""}}},
        },
        {"state": "RUNNING", "config": {"softwareConfig": {"imageVersion": "composer-3-airflow-2.11"}}},
    ),
    "alerts are on": (
        f"/monitoring/v3/projects/{PROJECT}/alertPolicies",
        {"alertPolicies": [{"displayName": name, "notificationChannels": ["c"]} for name in ALERTS]},
        {"alertPolicies": [{"displayName": name, "notificationChannels": []} for name in ALERTS]},
    ),
    "delivery succeeded": (
        f"/cloudbuild/v1/{PLACE}/builds",
        {"builds": [{"id": "b", "status": "SUCCESS"}]},
        {"builds": [{"id": "b", "status": "FAILURE"}]},
    ),
    "images are there": (
        f"/artifactregistry/v1/{PLACE}/repositories/pbm360/dockerImages",
        {"dockerImages": [{"name": f"a/b/{name}@sha256:1"} for name in resources.IMAGES]},
        {"dockerImages": [{"name": "a/b/notebooks@sha256:1"}]},
    ),
    "stream job runs": (
        f"/dataflow/v1b3/{PLACE}/jobs",
        {"jobs": [{"currentState": "JOB_STATE_RUNNING"}]},
        {"jobs": [{"currentState": "JOB_STATE_DRAINING"}]},
    ),
}


@pytest.fixture
def apis(tmp_path, monkeypatch):
    server = GoogleApis(SETTINGS)
    for name, value in server.variables(str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


@pytest.fixture
def api():
    return Api(PROJECT, Credentials("a-token"))


@pytest.mark.parametrize("name", GOOD)
def test_a_smoke_test_of_services_passes_fails_and_says_what_next(apis, api, name):
    path, good, bad = GOOD[name]
    apis.paths[path] = good
    assert smoke.SMOKE[name](api, SETTINGS).state == "fine"
    apis.paths[path] = bad
    failed = smoke.SMOKE[name](api, SETTINGS)
    assert (failed.state, failed.name) == ("missing", name) and failed.mend
    del apis.paths[path]
    assert smoke.SMOKE[name](api, SETTINGS).state == "missing"
    apis.forbidden = path
    assert "HTTP 403" in smoke.SMOKE[name](api, SETTINGS).detail


@pytest.mark.parametrize(("answer", "state"), [(302, "fine"), (403, "fine"), (200, "missing")])
def test_a_dashboard_that_is_shown_to_a_stranger_fails(apis, api, answer, state):
    for name in resources.DASHBOARDS:
        apis.paths[f"/run/v2/{PLACE}/services/{name}"] = {"uri": f"http://{apis.address}/page/{answer}"}
    apis.statuses = {f"/page/{answer}": answer}
    assert smoke.SMOKE["proxy asks"](api, SETTINGS).state == state
    assert apis.tokens >= {""}  # it was opened without credentials


def test_an_event_that_lands_passes_and_one_that_does_not_fails(make_warehouse, stack_settings, api, monkeypatch):
    warehouse = make_warehouse()
    settings = replace(warehouse.settings, pubsub_endpoint=stack_settings.pubsub_endpoint)
    broker.ensure_topics(settings)
    monkeypatch.setattr(smoke_data, "POLL_SECONDS", 0.1)
    assert smoke_data.event_lands(api, settings, patience_seconds=0.5).state == "missing"
    stop = threading.Event()

    def land() -> None:
        while not stop.is_set():
            for message in broker.pull(settings, settings.subscription, 10, timeout_seconds=1):
                row = {"message_id": message.message_id, "publish_time": message.publish_time, "payload": message.data}
                now = {"ingested_at": datetime.now(UTC), "known_at": message.publish_time}
                known = {"known_date": message.publish_time.date(), "source": "smoke", "attributes": "{}"}
                warehouse.load_rows("bronze.raw_orders", [row | now | known])
            time.sleep(0.05)

    thread = threading.Thread(target=land)
    thread.start()
    landed = smoke_data.event_lands(api, settings, patience_seconds=60)
    stop.set()
    thread.join()
    assert landed.state == "fine" and re.search(r"in bronze [\d.]+ s", landed.detail)


def test_smoke_tests_of_the_warehouse_judge_what_they_read(make_warehouse, api):
    warehouse = make_warehouse()
    settings, now = warehouse.settings, datetime.now(UTC)
    assert smoke_data.statements_are_accepted(api, settings).state == "fine"
    assert "has none" in smoke_data.stream_beats(api, settings).detail
    beat = {"beat_at": now, "beat_date": now.date(), "process": "stream"}
    warehouse.load_rows("ops.heartbeats", [beat])
    assert smoke_data.stream_beats(api, settings).state == "fine"
    assert smoke_data.day_is_published(api, settings).detail == "no run has published"
    assert smoke_data.identifiers_are_guarded(api, settings).state == "fine"
    warehouse.load_rows("vault.patient_keys", [{"patient_id": "p", "patient_key": "k", "created_at": now}])
    assert "vault.patient_keys" in smoke_data.identifiers_are_guarded(api, settings).detail


def test_what_bigquery_says_of_tables_datasets_and_jobs_is_judged(apis, api):
    settings = Settings(project=PROJECT, bigquery_url=f"http://{apis.address}/bigquery")
    project = f"/bigquery/bigquery/v2/projects/{PROJECT}"
    table = {"tableReference": {"projectId": PROJECT, "datasetId": "pbm_bronze", "tableId": "raw_orders"}}
    apis.paths[f"{project}/datasets/pbm_bronze/tables/raw_orders"] = table
    assert "bq update --require_partition_filter" in smoke_data.bronze_is_filtered(api, settings).mend
    table["requirePartitionFilter"] = True
    assert smoke_data.bronze_is_filtered(api, settings).state == "fine"
    assert smoke_data.erasure_is_final(api, settings).state == "fine"
    del apis.paths[f"{project}/datasets/pbm_gold"]["maxTimeTravelHours"]
    assert "168 h" in smoke_data.erasure_is_final(api, settings).detail
    statistics = {"query": {"totalBytesBilled": str(2 * 1024**4)}}
    job = {"jobReference": {"projectId": PROJECT, "jobId": "j"}, "configuration": {"query": {"query": ""}}}
    apis.paths[f"{project}/jobs"] = {"jobs": [job | {"statistics": statistics}]}
    by_hand = (2 * 730 / 24 - 1) * 6.25  # 2 TiB a day, 1 TiB of a month free
    assert (
        f"2.00 TiB were billed in 24 hours: ${by_hand:,.0f} a month"
        in smoke_data.queries_cost_little(api, settings).detail
    )
    statistics["query"]["totalBytesBilled"] = str(20 * 1024**4)
    assert smoke_data.queries_cost_little(api, settings).state == "missing"


def test_the_list_of_what_is_unproven_and_the_smoke_tests_are_one_list():
    assert [int(number) for number, _ in LISTED] == list(range(1, len(LISTED) + 1))
    assert [name for _, name in LISTED] == list(smoke.SMOKE)


def test_alerts_that_are_looked_for_are_those_of_terraform():
    titles = Configuration().texts["monitoring.tf"]
    assert all(re.search(rf'"{title}', titles) for title in smoke_services.ALERTS)


def test_one_smoke_test_that_breaks_stops_no_other(apis, api):
    findings = smoke.run_smoke(replace(SETTINGS, target="local"), api)
    assert [item.name for item in findings] == list(smoke.SMOKE)
    assert "no local BigQuery is known" in next(item.detail for item in findings if item.name == "statements")


def test_without_credentials_or_a_project_smoke_is_refused_in_a_word(tmp_path):
    nobody = {"HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path), "GCE_METADATA_HOST": "127.0.0.1:1"}
    cloud = {"PBM360_TARGET": "gcp", "PBM360_PROJECT": PROJECT}
    for variables, word in ((cloud, "gcloud auth application-default login"), ({}, "make smoke PROJECT=")):
        environment = nobody | variables | {"PATH": os.environ["PATH"]}
        command = [sys.executable, "-m", "pbm360.cloud.smoke"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 3 and word in done.stderr and "Traceback" not in done.stderr, done.stderr
    make = subprocess.run(["make", "smoke"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert make.returncode == 2 and "make smoke PROJECT=your-project" in make.stderr
