"""Look whether what holds data stands: datasets, tables, topics, subscriptions, secrets, buckets."""

from __future__ import annotations

from collections.abc import Iterator

from pbm360.cloud import resources
from pbm360.cloud.api import Answer, Api
from pbm360.cloud.findings import Finding, apply, fine, missing, unknown
from pbm360.settings import Settings
from pbm360.warehouse import LAYERS

NEW_KEY = "openssl rand -hex 32 | gcloud secrets versions add {name} --project={project} --data-file=-"
NO_REQUEST = "printf none | gcloud secrets versions add {name} --project={project} --data-file=-"
READ_GOLD = "bigquery.tables.getData"


def check_datasets(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look at each dataset and its location."""
    for layer in LAYERS:
        name = settings.dataset(layer)
        answer = api.get("bigquery", f"bigquery/v2/projects/{api.project}/datasets/{name}")
        found = answer.body.get("location", "")
        if answer.is_ok and found.upper() != settings.location.upper():
            yield missing(
                "datasets",
                name,
                f"lies in {found}, expected {settings.location}; a dataset can't be moved",
                f"export PBM360_LOCATION={found}",
            )
        else:
            make = f"bq --location={settings.location} mk --dataset {api.project}:{name}"
            yield stands("datasets", name, answer, make, found)


def check_tables(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether every table stands, and whether this account may read gold."""
    wanted: dict[str, set[str]] = {}
    for table in resources.tables(settings):
        dataset, _, name = table.partition(".")
        wanted.setdefault(dataset, set()).add(name)
    prepare = f"gcloud run jobs execute pbm360-prepare --project={api.project} --region={settings.dataflow_region}"
    for dataset, names in wanted.items():
        path = f"bigquery/v2/projects/{api.project}/datasets/{dataset}/tables"
        answer = api.get("bigquery", path, maxResults=1000)
        found = {table["tableReference"]["tableId"] for table in answer.body.get("tables", [])}
        if answer.is_ok and names - found:
            lacking = ", ".join(sorted(names - found))
            yield missing("tables", dataset, f"lacks {lacking}", f"{prepare} --wait")
        else:
            yield stands("tables", dataset, answer, f"{prepare} --wait", f"{len(names)} tables")
    yield _may_read_gold(api, settings)


def check_topics(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look at each topic and its subscription: that it reads the topic, that no payload goes to the dead letters."""
    for topic, subscription in resources.topics(settings).items():
        path = f"v1/projects/{api.project}"
        answer = api.get("pubsub", f"{path}/topics/{topic}")
        yield stands("topics", topic, answer, apply(f"google_pubsub_topic.{topic.replace('-', '_')}"))
        label = f"google_pubsub_subscription.{subscription.replace('-', '_')}"
        answer = api.get("pubsub", f"{path}/subscriptions/{subscription}")
        found = answer.body.get("topic", "").rpartition("/")[2]
        if answer.is_ok and found != topic:
            yield missing("subscriptions", subscription, f"reads {found}, expected {topic}", apply(label))
        elif "deadLetterPolicy" in answer.body:
            yield missing("subscriptions", subscription, "sends payloads to a topic of dead letters", apply(label))
        else:
            yield stands("subscriptions", subscription, answer, apply(label))


def check_secrets(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether each secret stands and has a version that is on; no value is read."""
    for name in (*resources.SECRETS.values(), resources.ERASURE_REQUEST):
        path = f"v1/projects/{api.project}/secrets/{name}"
        answer = api.get("secretmanager", path)
        target = f'google_secret_manager_secret.secret["{name}"]'
        if not answer.is_ok:
            yield stands("secrets", name, answer, apply(target))
            continue
        versions = api.get("secretmanager", f"{path}/versions", filter="state:ENABLED")
        if versions.is_ok and not versions.body.get("versions"):
            yield missing("secrets", name, "has no version that is on", _new_version(name, api.project))
        else:
            yield stands("secrets", name, versions, _new_version(name, api.project))


def check_buckets(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look at the buckets, and whether the stream's Flex Template lies in its own."""
    for name in resources.buckets(settings):
        answer = api.get("storage", f"storage/v1/b/{name}")
        if name.endswith("-state"):
            make = f"gcloud storage buckets create gs://{name} --project={api.project} --uniform-bucket-level-access"
        else:
            make = apply(f"google_storage_bucket.{name.rpartition('-')[2]}")
        yield stands("buckets", name, answer, make)
    answer = api.get("storage", f"storage/v1/b/{api.project}-pbm360-dataflow/o/templates%2Fspeed_layer.json")
    deliver = f"gcloud builds submit --project={api.project} --config=deploy/cloudbuild.yaml"
    yield stands("buckets", "templates/speed_layer.json", answer, deliver)


def stands(group: str, name: str, answer: Answer, mend: str, detail: str = "") -> Finding:
    """Turn an answer into a finding: it stands, it is missing, or it could not be asked."""
    if answer.is_ok:
        return fine(group, name, detail)
    if answer.is_missing:
        return missing(group, name, "does not exist", mend)
    return unknown(group, name, answer.message)


def _may_read_gold(api: Api, settings: Settings) -> Finding:
    name = f"{settings.dataset('gold')}.fact_order_lifecycle"
    path = f"bigquery/v2/projects/{api.project}/datasets/{settings.dataset('gold')}/tables/fact_order_lifecycle"
    answer = api.post("bigquery", f"{path}:testIamPermissions", {"permissions": [READ_GOLD]})
    if answer.is_ok and READ_GOLD not in answer.body.get("permissions", []):
        grant = (
            f"gcloud projects add-iam-policy-binding {api.project} --member=user:$YOU --role=roles/bigquery.dataViewer"
        )
        return missing("permissions", name, f"{READ_GOLD} is not yours", grant)
    return stands("permissions", name, answer, "", READ_GOLD)


def _new_version(name: str, project: str) -> str:
    if name == resources.SECRETS["PBM360_OMS_DSN"]:
        return apply("google_secret_manager_secret_version.database_address")
    line = NO_REQUEST if name == resources.ERASURE_REQUEST else NEW_KEY
    return line.format(name=name, project=project)
