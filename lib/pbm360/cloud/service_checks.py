"""Look whether what runs stands: the project, APIs, permissions, accounts, database, services, schedule, stream."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from pbm360.cloud import resources
from pbm360.cloud.api import Api
from pbm360.cloud.data_checks import stands
from pbm360.cloud.findings import Finding, apply, fine, missing, note, unknown
from pbm360.settings import Settings

REACH_SECONDS = 3.0
POSTGRES_PORT = 5432
PERMISSIONS = {  # what someone who looks after the workbench needs, and the least role that has it
    "artifactregistry.repositories.get": "roles/artifactregistry.reader",
    "bigquery.datasets.get": "roles/bigquery.metadataViewer",
    "bigquery.jobs.create": "roles/bigquery.jobUser",
    "cloudsql.instances.get": "roles/cloudsql.viewer",
    "composer.environments.get": "roles/composer.user",
    "dataflow.jobs.list": "roles/dataflow.viewer",
    "iam.serviceAccounts.get": "roles/iam.serviceAccountViewer",
    "monitoring.alertPolicies.list": "roles/monitoring.viewer",
    "pubsub.subscriptions.get": "roles/pubsub.viewer",
    "pubsub.topics.get": "roles/pubsub.viewer",
    "run.services.get": "roles/run.viewer",
    "secretmanager.versions.list": "roles/secretmanager.viewer",
    "serviceusage.services.get": "roles/serviceusage.serviceUsageViewer",
    "storage.buckets.get": "roles/storage.bucketViewer",
}


def check_project(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether the project stands and is active."""
    answer = api.get("cloudresourcemanager", f"v3/projects/{api.project}")
    state = answer.body.get("state", "")
    if answer.is_ok and state != "ACTIVE":
        undelete = f"gcloud projects undelete {api.project}"
        yield missing("project", api.project, f"is {state}", undelete)
    else:
        yield stands("project", api.project, answer, f"gcloud projects create {api.project}")


def check_apis(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether every API is enabled; one command enables those that are not."""
    names = [f"projects/{api.project}/services/{name}" for name in resources.SERVICES]
    answer = api.get("serviceusage", f"v1/projects/{api.project}/services:batchGet", names=names)
    if not answer.is_ok:
        mend = f"gcloud services enable serviceusage.googleapis.com --project={api.project}"
        yield unknown("APIs", f"{len(names)} APIs", answer.message, mend)
        return
    states = {found["name"].rpartition("/")[2]: found.get("state") for found in answer.body.get("services", [])}
    off = [name for name in resources.SERVICES if states.get(name) != "ENABLED"]
    enable = f"gcloud services enable {' '.join(off)} --project={api.project}"
    for name in resources.SERVICES:
        yield missing("APIs", name, "is not enabled", enable) if name in off else fine("APIs", name)


def check_permissions(api: Api, settings: Settings) -> Iterator[Finding]:
    """Ask which permissions on the project this account has."""
    path = f"v3/projects/{api.project}:testIamPermissions"
    answer = api.post("cloudresourcemanager", path, {"permissions": list(PERMISSIONS)})
    if not answer.is_ok:
        yield unknown("permissions", f"{len(PERMISSIONS)} permissions", answer.message)
        return
    member = f"serviceAccount:{api.account}" if "gserviceaccount" in api.account else f"user:{api.account or '$YOU'}"
    for permission, role in PERMISSIONS.items():
        if permission in answer.body.get("permissions", []):
            yield fine("permissions", permission)
        else:
            grant = f"gcloud projects add-iam-policy-binding {api.project} --member={member} --role={role}"
            yield missing("permissions", permission, "is not yours", grant)


def check_accounts(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether each component has its service account, and that it is on."""
    for component in resources.COMPONENTS:
        email = resources.account(settings, component)
        answer = api.get("iam", f"v1/projects/{api.project}/serviceAccounts/{email}")
        if answer.is_ok and answer.body.get("disabled"):
            enable = f"gcloud iam service-accounts enable {email} --project={api.project}"
            yield missing("accounts", email, "is disabled", enable)
        else:
            yield stands("accounts", email, answer, apply(f'google_service_account.component["{component}"]'))


def check_database(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether Cloud SQL runs, takes log-ins by IAM alone from a private address, and can be reached from here."""
    name, target = resources.DATABASE_INSTANCE, "google_sql_database_instance.order_management"
    answer = api.get("sqladmin", f"v1/projects/{api.project}/instances/{name}")
    if not answer.is_ok:
        yield stands("database", name, answer, apply(target))
        return
    about = answer.body.get("settings", {})
    flags = {flag["name"]: flag["value"] for flag in about.get("databaseFlags", [])}
    if answer.body.get("state") != "RUNNABLE" or about.get("activationPolicy") == "NEVER":
        start = f"gcloud sql instances patch {name} --activation-policy=ALWAYS --project={api.project}"
        yield missing("database", name, f"is {answer.body.get('state')}", start)
    elif about.get("ipConfiguration", {}).get("ipv4Enabled") or flags.get("cloudsql.iam_authentication") != "on":
        yield missing("database", name, "has a public address or no log-in by IAM", apply(target))
    else:
        yield fine("database", name, "runs")
    yield _reachable(api, settings, [item["ipAddress"] for item in answer.body.get("ipAddresses", [])])


def check_services(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether the dashboards (behind their proxy), the relay, the jobs and the images' repository stand."""
    place = f"projects/{api.project}/locations/{settings.dataflow_region}"
    for name in resources.DASHBOARDS:
        target = f'google_cloud_run_v2_service.dashboard["{name.removeprefix("pbm360-")}"]'
        answer = api.get("run", f"v2/{place}/services/{name}")
        if answer.is_ok and not answer.body.get("iapEnabled"):
            yield missing("services", name, "has no Identity-Aware Proxy in front", apply(target))
        else:
            yield stands("services", name, answer, apply(target))
    answer = api.get("run", f"v2/{place}/workerPools/{resources.WORKER_POOL}")
    yield stands("services", resources.WORKER_POOL, answer, apply("google_cloud_run_v2_worker_pool.relay"))
    for name in resources.JOBS:
        target = f'google_cloud_run_v2_job.job["{name.removeprefix("pbm360-")}"]'
        yield stands("services", name, api.get("run", f"v2/{place}/jobs/{name}"), apply(target))
    answer = api.get("artifactregistry", f"v1/{place}/repositories/{resources.REPOSITORY}")
    yield stands("services", "images", answer, apply("google_artifact_registry_repository.images"))


def check_schedule(api: Api, settings: Settings) -> Iterator[Finding]:
    """Look whether Composer runs and whether the stream's job does."""
    place = f"projects/{api.project}/locations/{settings.dataflow_region}"
    answer = api.get("composer", f"v1/{place}/environments/{resources.ENVIRONMENT}")
    state = answer.body.get("state")
    if answer.is_ok and state != "RUNNING":
        describe = f"gcloud composer environments describe pbm360 --location={settings.dataflow_region}"
        yield missing("schedule", resources.ENVIRONMENT, f"is {state}", f"{describe} --project={api.project}")
    else:
        target = "google_composer_environment.schedule"
        yield stands("schedule", resources.ENVIRONMENT, answer, apply(target), "runs")
    jobs = api.get("dataflow", f"v1b3/{place}/jobs", filter="ACTIVE", name=resources.STREAM_JOB)
    start = f"gcloud composer environments run pbm360 --location={settings.dataflow_region} dags trigger -- speed_layer"
    if jobs.is_ok and not jobs.body.get("jobs"):
        yield missing("schedule", resources.STREAM_JOB, "no job of the stream is active", start)
    else:
        yield stands("schedule", resources.STREAM_JOB, jobs, start, "is active")


def _reachable(api: Api, settings: Settings, addresses: list[str]) -> Finding:
    for address in addresses:
        host, _, port = address.partition(":")
        try:
            socket.create_connection((host, int(port or POSTGRES_PORT)), timeout=REACH_SECONDS).close()
            return fine("database", "reached from here", address)
        except OSError:
            continue
    ask = f"gcloud run jobs execute pbm360-prepare --project={api.project} --region={settings.dataflow_region} --wait"
    where = ", ".join(addresses) or "no address"
    return note("database", "reached from here", f"no ({where} is private); from inside the network ask with", ask)
