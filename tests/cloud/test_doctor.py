"""The doctor asks real HTTP servers that answer as Google's APIs do; each fault is found, with the command to type."""

import json
import os
import re
import shlex
import subprocess
import sys
import time

import pytest
from google.oauth2.credentials import Credentials

from pbm360.cloud import doctor, resources
from pbm360.cloud.api import Api
from pbm360.local.health import examine_stack
from pbm360.settings import Settings
from tests.cloud.google_apis import ACCOUNT, PROJECT, REGION, GoogleApis
from tests.deploy.configuration import Configuration

SETTINGS = Settings(target="gcp", project=PROJECT)
PLACE = f"projects/{PROJECT}/locations/{REGION}"
EXAMINE = """
import json
from dataclasses import asdict
from pbm360.cloud.doctor import examine
from pbm360.settings import load_settings
print(json.dumps([asdict(finding) for finding in examine(load_settings())]))
"""


@pytest.fixture
def apis():
    server = GoogleApis(SETTINGS)
    yield server
    server.close()


def run(arguments: list[str], variables: dict[str, str], **more: str) -> subprocess.CompletedProcess:
    given = {"PBM360_TARGET": "gcp", "PBM360_PROJECT": PROJECT, "PATH": os.environ["PATH"], "COLUMNS": "200"}
    command = [sys.executable, *arguments]
    environment = given | variables | more
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def examine(apis, tmp_path, monkeypatch):
    """Return a function that examines in this process, with a token in hand."""
    for name, value in apis.variables(str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    return lambda: doctor.examine(SETTINGS, Api(PROJECT, Credentials("a-token")))


def faults(findings: list) -> dict[str, tuple[str, str]]:
    return {item.name: (item.detail, item.mend) for item in findings if item.state == "missing"}


def test_the_command_asks_everything_and_says_that_all_stands(apis, tmp_path):
    done = run(["-m", "pbm360", "doctor", "--target", "gcp"], apis.variables(str(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"(\d+) fine, 0 missing, 0 unknown", done.stdout)
    assert ACCOUNT in done.stdout and "to know:" in done.stdout  # the database is private
    assert apis.tokens == {"Bearer a-token"}
    assert {path.split("/")[1] for path in apis.asked} >= {"bigquery", "pubsub", "secretmanager", "iam", "sqladmin"}


def test_an_empty_project_is_told_the_commands_in_full(apis, tmp_path):
    apis.paths = {path: answer for path, answer in apis.paths.items() if path.startswith("/cloudresourcemanager")}
    apis.disabled = {"dataflow.googleapis.com", "composer.googleapis.com"}
    done = run(["-m", "pbm360", "doctor", "--target", "gcp"], apis.variables(str(tmp_path)))
    assert done.returncode == 1, done.stdout + done.stderr
    for command in (
        f"gcloud services enable dataflow.googleapis.com composer.googleapis.com --project={PROJECT}",
        f"bq --location=US mk --dataset {PROJECT}:pbm_bronze",
        f"gcloud run jobs execute pbm360-prepare --project={PROJECT} --region={REGION} --wait",
        "-target='google_pubsub_topic.orders_events'",
        f"gcloud storage buckets create gs://{PROJECT}-pbm360-state",
    ):
        assert command in done.stdout, command


SPOILT = {  # what is spoilt: the path, what it then answers, the finding, a part of the command
    "dataset elsewhere": (f"/bigquery/bigquery/v2/projects/{PROJECT}/datasets/pbm_gold", {"location": "EU"},
                          "pbm_gold", "PBM360_LOCATION=EU"),
    "table gone": (f"/bigquery/bigquery/v2/projects/{PROJECT}/datasets/pbm_live/tables", {"tables": []},
                   "pbm_live", "pbm360-prepare"),
    "subscription of another topic": (f"/pubsub/v1/projects/{PROJECT}/subscriptions/orders-events-stream",
                                      {"topic": "projects/p/topics/orders-dead-letter"},
                                      "orders-events-stream", "google_pubsub_subscription.orders_events_stream"),
    "payloads to dead letters": (f"/pubsub/v1/projects/{PROJECT}/subscriptions/orders-events-stream",
                                 {"topic": "projects/p/topics/orders-events", "deadLetterPolicy": {"a": 1}},
                                 "orders-events-stream", "-target="),
    "secret without a version": (f"/secretmanager/v1/projects/{PROJECT}/secrets/pbm360-pseudonym-key/versions", {},
                                 "pbm360-pseudonym-key", "gcloud secrets versions add pbm360-pseudonym-key"),
    "account disabled": (f"/iam/v1/projects/{PROJECT}/serviceAccounts/{resources.account(SETTINGS, 'relay')}",
                         {"disabled": True}, resources.account(SETTINGS, "relay"), "service-accounts enable"),
    "database stopped": (f"/sqladmin/v1/projects/{PROJECT}/instances/{resources.DATABASE_INSTANCE}",
                         {"state": "STOPPED"}, resources.DATABASE_INSTANCE, "--activation-policy=ALWAYS"),
    "database public": (f"/sqladmin/v1/projects/{PROJECT}/instances/{resources.DATABASE_INSTANCE}",
                        {"state": "RUNNABLE", "settings": {"ipConfiguration": {"ipv4Enabled": True}}},
                        resources.DATABASE_INSTANCE, "google_sql_database_instance.order_management"),
    "no proxy": (f"/run/v2/{PLACE}/services/pbm360-command-center", {"uri": "https://x"}, "pbm360-command-center",
                 'dashboard["command-center"]'),
    "composer in error": (f"/composer/v1/{PLACE}/environments/pbm360", {"state": "ERROR"}, "pbm360",
                          "gcloud composer environments describe"),
    "no stream": (f"/dataflow/v1b3/{PLACE}/jobs", {}, "pbm360-speed-layer", "dags trigger -- speed_layer"),
    "template gone": (f"/storage/storage/v1/b/{PROJECT}-pbm360-dataflow/o/templates%2Fspeed_layer.json", None,
                      "templates/speed_layer.json", "gcloud builds submit"),
    "project deleted": (f"/cloudresourcemanager/v3/projects/{PROJECT}", {"state": "DELETE_REQUESTED"}, PROJECT,
                        "gcloud projects undelete"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_fault_is_found_alone_with_the_command_that_mends_it(apis, examine, what):
    path, answer, name, command = SPOILT[what]
    assert path in apis.paths
    apis.paths[path] = answer
    found = faults(examine())
    assert list(found) == [name] and command in found[name][1], found


def test_permissions_that_are_denied_are_named_with_their_roles(apis, examine):
    apis.denied = {"pubsub.topics.get", "bigquery.tables.getData"}
    found = faults(examine())
    assert set(found) == {"pubsub.topics.get", "pbm_gold.fact_order_lifecycle"}
    assert "--member=user:$YOU --role=roles/pubsub.viewer" in found["pubsub.topics.get"][1]


def test_one_api_that_refuses_or_talks_nonsense_hides_no_other(apis, examine):
    apis.forbidden = "/secretmanager"
    apis.paths[f"/sqladmin/v1/projects/{PROJECT}/instances/{resources.DATABASE_INSTANCE}"] = {
        "settings": {"databaseFlags": "?"}
    }
    findings = examine()
    states = {item.name: item.state for item in findings}
    assert states["pbm360-pseudonym-key"] == "unknown" and states["database"] == "unknown"
    refusal = next(item.detail for item in findings if item.name == "pbm360-pseudonym-key")
    assert refusal == "HTTP 403 Permission denied on resource"
    assert states["orders-events"] == states["pbm_gold"] == states["pbm360"] == "fine"


def test_the_database_is_reached_where_it_can_be(apis, examine):
    path = f"/sqladmin/v1/projects/{PROJECT}/instances/{resources.DATABASE_INSTANCE}"
    apis.paths[path] = apis.paths[path] | {"ipAddresses": [{"ipAddress": apis.address}]}
    assert {item.name: item.state for item in examine()}["reached from here"] == "fine"


def test_without_credentials_each_check_says_so_and_nothing_is_asked(tmp_path):
    variables = {"HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path), "GCE_METADATA_HOST": "127.0.0.1:1"}
    started = time.monotonic()
    done = run(["-m", "pbm360", "doctor", "--target", "gcp"], variables)
    assert done.returncode == 3 and "Traceback" not in done.stderr, done.stderr
    assert "gcloud auth application-default login" in done.stdout and "12 unknown" in done.stdout
    assert time.monotonic() - started < 60  # a second or two of waiting; the rest is Python's imports


def test_a_network_that_is_gone_is_told_for_each_check(apis, tmp_path):
    variables = apis.variables(str(tmp_path))
    gone = {name: "http://127.0.0.1:1" for name in variables if name.startswith("CLOUDSDK_API")}
    done = run(["-c", EXAMINE], variables | gone)
    findings = json.loads(done.stdout)
    assert {item["state"] for item in findings if item["group"] != "credentials"} == {"unknown"}
    assert len(findings) == 13 and all("is there a network?" in item["detail"] for item in findings[1:])


def test_every_terraform_address_that_a_command_names_stands_there(apis, examine):
    apis.paths = {}
    terraform = Configuration()
    keys = {f"{item.kind}.{item.name}": terraform.keys(item.body.get("for_each", "")) for item in terraform.resources()}
    targets = [
        word.removeprefix("-target=")
        for finding in examine()
        for word in shlex.split(finding.mend)
        if word.startswith("-target=")
    ]
    assert len(targets) > 20
    for target in targets:
        address, _, key = target.partition("[")
        assert address in keys, target
        assert not key or key.strip('"]') in keys[address], target


def test_the_local_stack_is_examined_by_asking_its_servers(make_warehouse, stack_settings):
    warehouse = make_warehouse()
    findings = examine_stack(warehouse.settings)
    states = {(item.group, item.name): item.state for item in findings}
    assert states["tables", f"{warehouse.settings.dataset('gold')}"] == "fine"
    assert states["database", "001_entities"] == "fine"
    assert {item.mend for item in findings if item.state == "missing"} <= {"pbm360 up", "pbm360 prepare"}
    warehouse.drop_tables("ops.heartbeats")
    found = {item.name: item.detail for item in examine_stack(warehouse.settings) if item.group == "tables"}
    assert found[warehouse.settings.dataset("ops")] == "lacks heartbeats"


def test_the_doctor_of_a_laptop_without_a_stack_says_how_to_start_one(tmp_path):
    done = run(
        ["-m", "pbm360", "doctor", "--target", "local"], {"PBM360_STATE_DIR": str(tmp_path), "PBM360_PROJECT": ""}
    )
    assert done.returncode == 3 and "pbm360 up" in done.stdout and "Traceback" not in done.stderr
