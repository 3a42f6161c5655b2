"""Terraform and the code name the same things; each check is shown to find what is missing on either side."""

import datetime
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, json_format, message_factory
from typer.main import get_command

from pbm360.cli import app
from pbm360.cloud import event_schema, resources, table_schemas
from pbm360.settings import Settings
from pbm360.simulate import NO_DEFECTS, SimulationParameters, simulate
from pbm360.warehouse import LAYERS
from tests.deploy.configuration import FOLDER, META_ARGUMENTS, Configuration
from tests.identifiers import ENTITY_COLUMNS

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(project="PROJECT")
ONLY_ON_A_LAPTOP = {"PBM360_DASHBOARDS_TOKEN"}  # settings that hold a secret and have no place on Google Cloud
END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
CODE = ("lib/**/*.py", "dags/**/*.py", "sql/**/*.sql", "notebooks/*.ipynb")
SOURCE = "\n".join(path.read_text() for pattern in CODE for path in ROOT.glob(pattern))


@pytest.fixture(scope="module")
def terraform():
    return Configuration()


def found_in_code(pattern: str) -> set[str]:
    """Return what a pattern's group finds in lib/, dags/, sql/ and notebooks/."""
    return set(re.findall(pattern, SOURCE))


def set_to(ending: str) -> set[str]:
    """Return the values of the settings whose name ends so, e.g. every topic that a setting names."""
    return {getattr(SETTINGS, item.name) for item in fields(Settings) if item.name.endswith(ending)}


def named_topics(terraform: Configuration) -> tuple[set, set]:
    written = found_in_code(r'\b\w*TOPIC\w* = "([a-z][\w-]+)"') | found_in_code(
        r'\btopic_path\([\w.]+, "([a-z][\w-]+)"\)'
    )
    return set(resources.topics(SETTINGS)) | set_to("topic") | written, terraform.names("google_pubsub_topic", "name")


def named_subscriptions(terraform: Configuration) -> tuple[set, set]:
    pairs = {(topic, name) for topic, name in resources.topics(SETTINGS).items()}
    pairs |= {("no topic in resources.topics", name) for name in set_to("subscription") - {name for _, name in pairs}}
    labels = {item.name: item.body["name"] for item in terraform.resources("google_pubsub_topic")}
    stand = {
        (labels.get(re.search(r"google_pubsub_topic\.(\w+)\.id", item.body["topic"])[1]), item.body["name"])
        for item in terraform.resources("google_pubsub_subscription")
    }
    return pairs, stand


def named_datasets(terraform: Configuration) -> tuple[set, set]:
    code = set(resources.datasets(SETTINGS)) | found_in_code(rf"\b(pbm_(?:{'|'.join(LAYERS)}))\.")
    return code, terraform.names("google_bigquery_dataset", "dataset_id")


def named_tables(terraform: Configuration) -> tuple[set, set]:
    created = {
        f"{layer}.{name}"
        for path in (ROOT / "sql").rglob("*.sql")
        for layer, name in re.findall(r"^create table if not exists pbm_(\w+)\.(\w+)", path.read_text(), re.MULTILINE)
    }
    (table,) = terraform.resources("google_bigquery_table")
    return created, set(terraform.keys(table.body["for_each"]))


def named_secrets(terraform: Configuration) -> tuple[set, set]:
    secret = {item.metadata["variable"] for item in fields(Settings) if not item.repr}
    kept = {resources.SECRETS.get(name, name) for name in secret - ONLY_ON_A_LAPTOP} | {resources.ERASURE_REQUEST}
    code = kept | found_in_code(r"gcloud secrets (?:versions )?\w+ (pbm360-[\w-]+)")
    return code, terraform.names("google_secret_manager_secret", "secret_id")


def named_accounts(terraform: Configuration) -> tuple[set, set]:
    code = {f"pbm360-{name}" for name in resources.COMPONENTS} | found_in_code(r"\b(pbm360-[a-z]+)@")
    return code, terraform.names("google_service_account", "account_id")


def named_services(terraform: Configuration) -> tuple[set, set]:
    return set(resources.SERVICES), terraform.names("google_project_service", "service")


def named_buckets(terraform: Configuration) -> tuple[set, set]:
    stand = terraform.names("google_storage_bucket", "name")
    stand |= set(re.findall(r'gs://|"\$\{var\.project\}-(pbm360-state)"', "\n".join(terraform.texts.values()))) - {""}
    return set(resources.BUCKETS), {name.removeprefix("PROJECT-") for name in stand}


def named_cloud_run(terraform: Configuration) -> tuple[set, set]:
    code = {*resources.DASHBOARDS, resources.WORKER_POOL, *resources.JOBS}
    kinds = ("google_cloud_run_v2_service", "google_cloud_run_v2_worker_pool", "google_cloud_run_v2_job")
    return code, set().union(*(terraform.names(kind, "name") for kind in kinds))


def named_others(terraform: Configuration) -> tuple[set, set]:
    code = {resources.ENVIRONMENT, resources.REPOSITORY + "/", resources.DATABASE_INSTANCE}
    stand = terraform.names("google_composer_environment", "name")
    stand |= {f"{name}/" for name in terraform.names("google_artifact_registry_repository", "repository_id")}
    return code, stand | terraform.names("google_sql_database_instance", "name")


CROSS_CHECKS: dict[str, Callable] = {
    name.removeprefix("named_"): check for name, check in list(globals().items()) if name.startswith("named_")
}


@pytest.mark.parametrize("what", CROSS_CHECKS)
def test_code_and_terraform_name_the_same(terraform, what):
    code, stand = CROSS_CHECKS[what](terraform)
    assert code and stand
    assert code - stand == set(), f"{what} that the code names and Terraform lacks"
    assert stand - code == set(), f"{what} that Terraform makes and nothing names"


REMOVALS = {  # what is checked: the file, a text of it, and what takes its place
    "topics": ("pubsub.tf", '"orders-dead-letter"', '"orders-dead-letters"'),
    "subscriptions": ("pubsub.tf", "topic                      = google_pubsub_topic.orders_events.id",
                      "topic                      = google_pubsub_topic.orders_dead_letter.id"),
    "datasets": ("locals.tf", '"vault", ', ""),
    "tables": ("tables.json", '"ops.heartbeats"', '"ops.heartbeat"'),
    "secrets": ("secrets.tf", '"pbm360-oms-dsn"            = {', '"pbm360-oms" = {'),
    "accounts": ("service_accounts.tf", "    relay      = \"Order", "    relayer    = \"Order"),
    "services": ("apis.tf", '    "dataflow.googleapis.com",\n', ""),
    "buckets": ("storage.tf", "pbm360-runs", "pbm360-notebooks"),
    "cloud_run": ("cloud_run.tf", "    command-center = {", "    control-center = {"),
    "others": ("composer.tf", '  name   = "pbm360"', '  name   = "pbm"'),
}  # fmt: skip


@pytest.mark.parametrize("what", CROSS_CHECKS)
def test_a_name_that_is_gone_from_terraform_is_found(terraform, what):
    file, text, other = REMOVALS[what]
    assert terraform.texts[file].count(text) >= 1
    code, stand = CROSS_CHECKS[what](Configuration({file: terraform.texts[file].replace(text, other, 1)}))
    assert code - stand


@pytest.mark.parametrize(
    ("what", "target", "name", "value"),
    [
        ("topics", Settings, "topic", "orders"),
        ("topics", None, None, 'ALERTS_TOPIC = "alerts-forgotten"'),
        ("subscriptions", Settings, "dead_letter_subscription", "orders-forgotten"),
        ("tables", None, None, "create table if not exists pbm_ops.forgotten ("),
        ("secrets", None, None, "gcloud secrets versions add pbm360-forgotten"),
        ("accounts", None, None, "pbm360-forgotten@"),
        ("services", resources, "SERVICES", (*resources.SERVICES, "forgotten.googleapis.com")),
    ],
)
def test_a_name_that_is_new_in_the_code_is_found(terraform, monkeypatch, tmp_path, what, target, name, value):
    module = __import__(__name__, fromlist=["SETTINGS"])
    if target is Settings:
        monkeypatch.setattr(module, "SETTINGS", Settings(**{name: value}))
    elif what == "tables":
        (tmp_path / "sql").mkdir()
        (tmp_path / "sql" / "forgotten.sql").write_text(value)
        monkeypatch.setattr(module, "ROOT", tmp_path)
    elif target:
        monkeypatch.setattr(target, name, value)
    else:
        monkeypatch.setattr(module, "SOURCE", f"{SOURCE}\n{value}")
    code, stand = CROSS_CHECKS[what](terraform)
    assert code - stand


def test_the_committed_definitions_are_those_of_sql():
    assert json.loads(table_schemas.OUTPUT.read_text()) == table_schemas.table_schemas(), "run `make tables`"
    assert event_schema.OUTPUT.read_text() == event_schema.event_schema(), "run `make tables`"


def test_the_event_schema_takes_every_event_that_the_simulator_sends(tmp_path):
    source, built = event_schema.OUTPUT, tmp_path / "order_event.pb"
    compiler = [sys.executable, "-m", "grpc_tools.protoc"]
    subprocess.run([*compiler, f"-I{source.parent}", f"--descriptor_set_out={built}", source.name], check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString(built.read_bytes())
    OrderEvent = message_factory.GetMessages(files.file)["OrderEvent"]
    messages = list(simulate(SimulationParameters(orders=400, days=10, end=END, defects=NO_DEFECTS)).messages())
    assert len(messages) > 2000
    for message in messages:
        json_format.Parse(message.payload, OrderEvent())  # an unknown field raises


def test_definitions_equal_what_the_warehouse_makes_of_sql(make_warehouse):
    warehouse = make_warehouse()
    for name, table in table_schemas.table_schemas().items():
        made = warehouse.client.get_table(warehouse.table_id(name))
        assert [(column["name"], column["mode"] == "REPEATED") for column in table["columns"]] == [
            (field.name, field.mode == "REPEATED") for field in made.schema
        ], name


def test_bronze_requires_its_partition_filter_and_live_never_expires(terraform):
    tables = table_schemas.table_schemas()
    assert [name for name, table in tables.items() if table["require_partition_filter"]] == ["bronze.raw_orders"]
    expiring = terraform.locals["expiration_days"]
    assert all(tables[name]["partition"] for name in expiring)
    assert {name.split(".")[0] for name in expiring} == {"bronze", "ops"}
    assert all(name in expiring for name in tables if name.startswith("bronze."))


def test_every_column_that_names_a_patient_has_the_policy_tag():
    flagged, named = set(), set()
    for name, table in table_schemas.table_schemas().items():
        for column in table["columns"]:
            flagged |= {(name, column["name"])} if column["identifier"] else set()
            named |= {(name, column["name"])} if column["name"] in (*ENTITY_COLUMNS, "birth_date") else set()
    assert flagged == named - {("bronze.oms_pharmacies", "zip_code")} | {("bronze.raw_orders", "payload")}


def test_settings_told_by_terraform_are_settings(terraform):
    told = set(re.findall(r"\bPBM360_[A-Z_]+\b", "\n".join(terraform.texts.values())))
    assert told <= {item.metadata["variable"] for item in fields(Settings)} | {"PBM360_"}
    assert {"PBM360_TARGET", "PBM360_PROJECT", "PBM360_IMAGE", "PBM360_RUNS", "PBM360_FLEX_TEMPLATE"} <= told


def test_cloud_run_runs_commands_that_there_are(terraform):
    commands = get_command(app).commands
    (relay,) = terraform.resources("google_cloud_run_v2_worker_pool")
    (container,) = relay.body["template"][0]["containers"]
    lines = [container["command"] + container["args"]]
    lines += [about["arguments"] for about in terraform.locals["dashboards"].values()]
    lines += [about["command"] + about["arguments"] for about in terraform.locals["jobs"].values()]
    for line in lines:
        words = line[-1].split() if line[:2] == ["sh", "-c"] else line
        assert words[0] == "pbm360" and words[1] in commands, line
    assert len(lines) == 1 + len(resources.DASHBOARDS) + len(resources.JOBS)


def test_a_patients_id_reaches_a_job_as_a_file_alone(terraform):
    erasure = terraform.locals["jobs"]["erase-patient"]
    assert erasure["files"] == {"patient_id": resources.ERASURE_REQUEST}
    assert erasure["arguments"][0].endswith("< /request/patient_id")
    assert resources.ERASURE_REQUEST not in str([job["variables"] for job in terraform.locals["jobs"].values()])


def test_alerts_watch_dags_and_jobs_that_there_are(terraform):
    text = terraform.texts["monitoring.tf"]
    for dag in re.findall(r'metric\.label\.dag=\\"(\w+)\\"', text):
        assert (ROOT / "dags" / f"{dag}.py").is_file(), dag
    (job,) = set(re.findall(r'resource\.label\.job_name=\\"([\w-]+)\\"', text))
    assert found_in_code(r'JOB_NAME = "([\w-]+)"') == {job}


def test_the_streams_job_runs_in_the_network_and_the_bucket_that_there_are(terraform):
    assert found_in_code(r"subnetworks/(pbm360-\{region\})") == {"pbm360-{region}"}
    (subnetwork,) = terraform.resources("google_compute_subnetwork")
    assert subnetwork.body["name"] == "pbm360-${var.region}"
    (bucket,) = found_in_code(r"gs://\{SCHEDULE\.project\}-([\w-]+)")
    assert bucket in resources.BUCKETS


def test_every_reference_leads_somewhere(terraform):
    text = "\n".join(re.sub(r"#.*", "", part) for part in terraform.texts.values())
    declared = {f"{item.kind}.{item.name}" for item in terraform.resources()}
    assert set(re.findall(r"(?<!data\.)\b(google_\w+\.\w+)", text)) <= declared
    assert set(re.findall(r"\bdata\.(google_\w+\.\w+)", text)) == {
        f"{item.kind}.{item.name}" for item in terraform.resources(block="data")
    }
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(terraform.variables)
    assert set(re.findall(r"\blocal\.(\w+)", text)) == set(terraform.locals)


def unknown_arguments(terraform: Configuration) -> list[str]:
    """Return each argument that the provider doesn't know, and each required one that is missing."""
    schema, found = json.loads((FOLDER / "provider_schema.json").read_text()), []

    def look(place: str, body: dict, known: dict) -> None:
        found.extend(f"{place} lacks {name}" for name, about in known.items() if required(about) and name not in body)
        for name, value in body.items():
            if name in META_ARGUMENTS and name not in known:
                continue
            if name == "dynamic":
                for block in value:
                    for kind, about in block.items():
                        look(f"{place}.{kind}", about["content"][0], known[kind]["block"])
            elif name not in known:
                found.append(f"{place}.{name}")
            elif isinstance(known[name], dict):
                for part in value if isinstance(value, list) else [value]:
                    look(f"{place}.{name}", part, known[name]["block"])

    def required(about) -> bool:
        return about["required"] if isinstance(about, dict) else about

    for item in terraform.resources():
        look(f"{item.kind}.{item.name}", dict(item.body), schema[item.kind])
    return found


def test_every_argument_is_one_that_the_provider_takes(terraform):
    beta = ["google_cloud_run_v2_service.dashboard.iap_enabled"]  # of google-beta; doctor looks whether it is on
    assert unknown_arguments(terraform) == beta
    wrong = terraform.texts["pubsub.tf"].replace("minimum_backoff", "least_backoff", 1)
    wrong = wrong.replace("topic                      =", "theme =", 1)
    assert set(unknown_arguments(Configuration({"pubsub.tf": wrong}))) - set(beta) == {
        "google_pubsub_subscription.orders_events_stream lacks topic",
        "google_pubsub_subscription.orders_events_stream.retry_policy.least_backoff",
        "google_pubsub_subscription.orders_events_stream.theme",
    }


def test_every_variable_is_typed_described_and_checked(terraform):
    for name, body in terraform.variables.items():
        assert body["type"] and len(body["description"]) > 15, name
        assert body["type"] == "bool" or body["validation"][0]["error_message"].startswith(name), name


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_examples_give_every_variable_that_has_no_default(terraform, name):
    from tests.deploy.configuration import _parse

    given = _parse((FOLDER / "examples" / f"{name}.tfvars").read_text())
    wanted = {variable for variable, body in terraform.variables.items() if "default" not in body}
    assert wanted <= set(given) <= set(terraform.variables)
    assert given["environment"] == name


def test_no_account_has_a_key_a_basic_role_or_the_world(terraform):
    text = "\n".join(terraform.texts.values())
    assert not terraform.resources("google_service_account_key")
    assert not re.search(r'"roles/(owner|editor)"|"allUsers"|"allAuthenticatedUsers"', text)
    assert set(terraform.locals["project_roles"]) == set(resources.COMPONENTS)


def test_no_subscription_sends_payloads_to_the_topic_of_pointers(terraform):
    assert "dead_letter_policy {" not in terraform.texts["pubsub.tf"]
