"""Read every setting of the workbench from `PBM360_*` variables, once, into one frozen object."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

TARGETS = ("local", "gcp")
GCP_SNAPSHOT_SECONDS = 15.0
LOCAL_PROJECT = "pbm-local"
STATE_FOLDER = ".pbm360"
LOCAL_KEY_FILE = "pseudonym.key"
STACK_FILE = "stack.json"


class SettingsError(ValueError):
    """A setting has a value that can't be used; the text says what was expected and how to mend it."""


def variable(name: str, default, meaning: str, *, secret: bool = False):
    """Declare a setting: its variable `PBM360_<NAME>`, its default and its meaning (for the documentation)."""
    return field(default=default, repr=not secret, metadata={"variable": f"PBM360_{name}", "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """All settings. Endpoints that are empty are found: on a laptop in the stack's own file, on gcp by the clients."""

    target: str = variable("TARGET", "local", "where the Google clients point: `local` or `gcp`")
    project: str = variable("PROJECT", LOCAL_PROJECT, "Google Cloud project id (4 characters or more)")
    location: str = variable("LOCATION", "US", "BigQuery location of the datasets")
    dataset_prefix: str = variable("DATASET_PREFIX", "pbm", "datasets are named `<prefix>_bronze` and so on")
    state_dir: Path = variable("STATE_DIR", Path(".pbm360"), "folder of the local stack's data, logs and ports")
    topic: str = variable("TOPIC", "orders-events", "Pub/Sub topic of the events")
    subscription: str = variable("SUBSCRIPTION", "orders-events-stream", "subscription that the stream reads")
    dead_letter_topic: str = variable("DEAD_LETTER_TOPIC", "orders-dead-letter", "topic of refused messages")
    dead_letter_subscription: str = variable(
        "DEAD_LETTER_SUBSCRIPTION", "orders-dead-letter-review", "subscription on the refused messages, for review"
    )
    alerts_topic: str = variable("ALERTS_TOPIC", "alerts", "Pub/Sub topic of the alerts")
    alerts_subscription: str = variable(
        "ALERTS_SUBSCRIPTION", "alerts-webhook", "subscription on the alerts, for a webhook"
    )
    quiet_hours: str = variable(
        "QUIET_HOURS", "2-10", "hours of the day, UTC, in which alerts that can wait do (empty: none do)"
    )
    large_payloads: str = variable(
        "LARGE_PAYLOADS", "", "where messages over 8 MB are kept: a folder or `gs://...` (empty: state)"
    )
    bigquery_url: str = variable("BIGQUERY_URL", "", "REST address of a local BigQuery (empty: the stack's)")
    bigquery_storage_endpoint: str = variable(
        "BIGQUERY_STORAGE_ENDPOINT", "", "host:port of a local BigQuery Storage API (empty: the stack's)"
    )
    pubsub_endpoint: str = variable(
        "PUBSUB_ENDPOINT", "", "host:port of a local Pub/Sub (empty: PUBSUB_EMULATOR_HOST, else the stack's)"
    )
    oms_dsn: str = variable(
        "OMS_DSN", "", "PostgreSQL address of the order-management database (empty: the stack's)", secret=True
    )
    pseudonym_key: str = variable(
        "PSEUDONYM_KEY",
        "",
        "key of the patients' pseudonyms, 32 characters or more (empty: a laptop's own random key)",
        secret=True,
    )
    next_pseudonym_key: str = variable(
        "NEXT_PSEUDONYM_KEY", "", "key that `pbm360 rotate-key` puts in its place (empty: a random one)", secret=True
    )
    snapshot_seconds: float = variable(
        "SNAPSHOT_SECONDS", 1.0, "seconds between two reads for the dashboards (15 on gcp, where each read costs)"
    )
    dashboards_port: int = variable("DASHBOARDS_PORT", 0, "port of the dashboards on 127.0.0.1 (0: a free one)")
    dashboards_address: str = variable(
        "DASHBOARDS_ADDRESS", "127.0.0.1", "address that the dashboards serve; 0.0.0.0 in a container behind a proxy"
    )
    dashboards_token: str = variable(
        "DASHBOARDS_TOKEN", "", "what a viewer must know where a laptop serves more than 127.0.0.1", secret=True
    )
    iap_audience: str = variable("IAP_AUDIENCE", "", "audience of the assertions that Identity-Aware Proxy signs")
    iap_keys_url: str = variable(
        "IAP_KEYS_URL", "https://www.gstatic.com/iap/verify/public_key", "address of the proxy's public keys"
    )
    kernel_budget: int = variable("KERNEL_BUDGET", 40, "viewers' kernels that one server of dashboards holds")
    home: str = variable("HOME", "", "folder that holds `notebooks/`, for the schedule (empty: beside `dags/`)")
    runs: str = variable(
        "RUNS", "", "where the schedule keeps executed notebooks: a folder or `gs://...` (empty: state)"
    )
    task_retries: int = variable("TASK_RETRIES", 2, "how often the schedule tries a failed task again")
    executor: str = variable("EXECUTOR", "", "where the schedule's tasks run: `worker` or `pod` (empty: pod on gcp)")
    image: str = variable("IMAGE", "", "the project's image, for the schedule's pods")
    kernel: str = variable("KERNEL", "python3", "Jupyter kernel that the schedule runs chapters with")
    deadline_hours: float = variable(
        "DEADLINE_HOURS", 4.0, "hours after which a scheduled run that is not done raises an alert (0: none)"
    )
    alert_url: str = variable("ALERT_URL", "", "address that the schedule's alerts are posted to, as JSON")
    flex_template: str = variable("FLEX_TEMPLATE", "", "`gs://` address of the stream's Flex Template")
    dataflow_region: str = variable("DATAFLOW_REGION", "us-central1", "region that the stream's job runs in")

    def dataset(self, layer: str) -> str:
        """Name the dataset of a layer, e.g. `bronze` -> `pbm_bronze`."""
        return f"{self.dataset_prefix}_{layer}"

    @property
    def required_pseudonym_key(self) -> str:
        """The key of the pseudonyms, for those who make some. Raises `SettingsError` where there is none."""
        if not self.pseudonym_key:
            raise SettingsError(
                "PBM360_PSEUDONYM_KEY must be set to make pseudonyms: from Secret Manager on gcp; `pbm360 up` makes one"
            )
        return self.pseudonym_key

    @property
    def large_payload_folder(self) -> str:
        """Where payloads that no row can hold are kept."""
        return self.large_payloads or str(self.state_dir / "large_payloads")

    def without_secrets(self) -> Settings:
        """Return the same settings with every secret empty, as they may travel in a pipeline's graph."""
        return replace(self, **{item.name: "" for item in fields(self) if not item.repr})

    @property
    def stack_file(self) -> Path:
        """Where the local stack writes the addresses and process ids of its servers."""
        return self.state_dir / STACK_FILE


CHECKS = {
    "target": (lambda value: value in TARGETS, f"one of {', '.join(TARGETS)}"),
    "project": (
        lambda value: bool(re.fullmatch(r"[a-z][a-z0-9-]{2,28}[a-z0-9]", value)),
        "a project id: 4 to 30 lower-case letters, digits and hyphens, beginning with a letter",
    ),
    "dataset_prefix": (
        lambda value: bool(re.fullmatch(r"[a-z][a-z0-9_]{0,40}", value)),
        "lower-case letters, digits and underscores, beginning with a letter",
    ),
    "pseudonym_key": (lambda value: value == "" or len(value) >= 32, "32 characters or more"),
    "dashboards_token": (lambda value: value == "" or len(value) >= 32, "32 characters or more"),
    "next_pseudonym_key": (lambda value: value == "" or len(value) >= 32, "32 characters or more"),
    "snapshot_seconds": (lambda value: 0.2 <= value <= 3600, "seconds between 0.2 and 3600"),
    "executor": (lambda value: value in ("", "worker", "pod"), "worker or pod"),
    "deadline_hours": (lambda value: 0 <= value <= 240, "hours between 0 and 240"),
    "quiet_hours": (
        lambda value: bool(re.fullmatch(r"|([01]?\d|2[0-3])-([01]?\d|2[0-3])", value)),
        "two hours of the day in UTC, e.g. 2-10",
    ),
    "task_retries": (lambda value: 0 <= value <= 10, "a number between 0 and 10"),
    "dashboards_address": (lambda value: value in ("127.0.0.1", "0.0.0.0"), "127.0.0.1 or 0.0.0.0"),
    "kernel_budget": (lambda value: 1 <= value <= 500, "a number between 1 and 500"),
    "dashboards_port": (lambda value: 0 <= value <= 65535, "a port between 0 and 65535"),
}


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment and the local stack's file.

    Raises `SettingsError` for an unknown `PBM360_*` variable or a value out of range. A secret's value is never shown.
    """
    environment = os.environ if environment is None else environment
    values = {"state_dir": find_state_dir(Path.cwd())} | _read_variables(environment)
    if values.get("target") == "gcp":
        values = {"snapshot_seconds": GCP_SNAPSHOT_SECONDS} | values
    settings = _checked(Settings(**values))
    return settings if settings.target == "gcp" else _with_local_stack(settings, environment)


def sql_folder() -> Path:
    """Return the folder of the SQL files: beside `lib/` in a checkout, inside the package where it is installed."""
    packaged = Path(__file__).parent / "sql"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "sql"


def find_state_dir(folder: Path) -> Path:
    """Return the state folder of the nearest enclosing folder that has one, so that notebooks find it; else here."""
    for parent in (folder, *folder.parents):
        if (parent / STATE_FOLDER).is_dir():
            return parent / STATE_FOLDER
    return folder / STATE_FOLDER


def _read_variables(environment: Mapping[str, str]) -> dict:
    known = {item.metadata["variable"]: item for item in fields(Settings)}
    unknown = sorted(name for name in environment if name.startswith("PBM360_") and name not in known)
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))}")
    return {
        item.name: _parse(name, environment[name], type(item.default), secret=not item.repr)
        for name, item in known.items()
        if environment.get(name, "") != ""
    }


def _parse(name: str, text: str, kind: type, *, secret: bool):
    try:
        return kind(text)
    except ValueError as error:
        shown = "(hidden)" if secret else repr(text)
        raise SettingsError(f"{name} must be a {kind.__name__}; got {shown}") from error


def _checked(settings: Settings) -> Settings:
    for item in fields(Settings):
        value = getattr(settings, item.name)
        is_right, expected = CHECKS.get(item.name, (lambda value: True, ""))
        if not is_right(value):
            shown = repr(value) if item.repr else "a value that is hidden here"
            raise SettingsError(f"{item.metadata['variable']} must be {expected}; got {shown}")
    if settings.target == "gcp" and settings.project == LOCAL_PROJECT:
        raise SettingsError("PBM360_PROJECT must name your project when PBM360_TARGET=gcp; got the local default")
    return settings


def _with_local_stack(settings: Settings, environment: Mapping[str, str]) -> Settings:
    found = dict.fromkeys(("bigquery_url", "bigquery_storage_endpoint", "pubsub_endpoint", "oms_dsn"), "")
    if settings.stack_file.exists():
        found |= json.loads(settings.stack_file.read_text()).get("addresses", {})
    if environment.get("PUBSUB_EMULATOR_HOST"):
        found["pubsub_endpoint"] = environment["PUBSUB_EMULATOR_HOST"]
    key_file = settings.state_dir / LOCAL_KEY_FILE
    found["pseudonym_key"] = key_file.read_text().strip() if key_file.exists() else ""
    changes = {name: value for name, value in found.items() if value and not getattr(settings, name)}
    return Settings(**{item.name: getattr(settings, item.name) for item in fields(Settings)} | changes)
