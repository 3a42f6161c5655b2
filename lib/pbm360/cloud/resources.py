"""Name what the workbench uses on Google Cloud: APIs, topics, datasets, tables, secrets, accounts, services, images.

The doctor looks for these; a test holds them against Terraform's, both ways.
"""

from __future__ import annotations

from pbm360.cloud.table_schemas import table_schemas
from pbm360.settings import Settings
from pbm360.warehouse import LAYERS

FIRST_SERVICES = tuple(f"{name}.googleapis.com" for name in ("pubsub", "dataflow", "composer", "bigquery", "run"))
SERVICES = FIRST_SERVICES + tuple(
    f"{name}.googleapis.com"
    for name in (
        *("artifactregistry", "bigquerystorage", "billingbudgets", "cloudbuild", "cloudresourcemanager", "compute"),
        *("containerscanning", "datacatalog", "iam", "iap", "logging", "monitoring", "ondemandscanning"),
        *("secretmanager", "servicenetworking", "sqladmin", "storage"),
    )
)
COMPONENTS = ("stream", "composer", "dashboards", "relay", "prepare", "privacy", "build", "deploy")
SECRETS = {
    "PBM360_PSEUDONYM_KEY": "pbm360-pseudonym-key",
    "PBM360_NEXT_PSEUDONYM_KEY": "pbm360-next-pseudonym-key",
    "PBM360_OMS_DSN": "pbm360-oms-dsn",
}
ERASURE_REQUEST = "pbm360-erasure-request"  # the secret that holds the patient's id while an erasure runs
ENVIRONMENT = "pbm360"  # of Composer
REPOSITORY = "pbm360"  # of images
DATABASE_INSTANCE = "pbm360-order-management"
DASHBOARDS = ("pbm360-command-center", "pbm360-streamlit")
WORKER_POOL = "pbm360-relay"
JOBS = ("pbm360-prepare", "pbm360-catch-up", "pbm360-erase-patient", "pbm360-rotate-key")
STREAM_JOB = "pbm360-speed-layer"
IMAGES = ("notebooks", "dataflow", "dashboards")
BUCKETS = ("pbm360-state", "pbm360-runs", "pbm360-dataflow")  # behind the project's id and a hyphen


def topics(settings: Settings) -> dict[str, str]:
    """Return the subscription of each topic."""
    return {
        settings.topic: settings.subscription,
        settings.dead_letter_topic: settings.dead_letter_subscription,
        settings.alerts_topic: settings.alerts_subscription,
    }


def datasets(settings: Settings) -> list[str]:
    """Return the names of the datasets."""
    return [settings.dataset(layer) for layer in LAYERS]


def tables(settings: Settings) -> list[str]:
    """Return `dataset.table` of every table that stands before a first build (views and working tables come later)."""
    return [f"{settings.dataset(layer)}.{table}" for layer, table in (name.split(".") for name in table_schemas())]


def account(settings: Settings, component: str) -> str:
    """Return the address of a component's service account."""
    return f"pbm360-{component}@{settings.project}.iam.gserviceaccount.com"


def buckets(settings: Settings) -> list[str]:
    """Return the names of the buckets."""
    return [f"{settings.project}-{name}" for name in BUCKETS]
