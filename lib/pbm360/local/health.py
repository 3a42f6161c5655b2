"""Examine the local stack: its processes, its tables, its topics, its database, its key; every check is asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from google.api_core.exceptions import GoogleAPIError
from psycopg import OperationalError

from pbm360 import broker
from pbm360.cloud import resources
from pbm360.cloud.findings import Finding, fine, missing, note, unknown
from pbm360.local import stack
from pbm360.oms import database
from pbm360.settings import LOCAL_KEY_FILE, Settings, SettingsError, sql_folder
from pbm360.warehouse import Warehouse

UP = "pbm360 up"
LEAST_FREE_BYTES = 2e9


def examine_stack(settings: Settings) -> list[Finding]:
    """Run every check and return what each found."""
    checks: dict[str, Callable[[Settings], Iterator[Finding]]] = {
        "processes": _processes,
        "tables": _tables,
        "topics": _topics,
        "database": _database,
        "state": _state,
    }
    findings: list[Finding] = []
    for group, check in checks.items():
        try:
            findings.extend(check(settings))
        except SettingsError:
            findings.append(unknown(group, group, "not asked: the stack does not run", UP))
        except (GoogleAPIError, broker.BrokerError, OperationalError, OSError) as error:
            findings.append(missing(group, group, f"no answer: {' '.join(str(error).split())}", UP))
    return findings


def _processes(settings: Settings) -> Iterator[Finding]:
    for row in stack.status(settings):
        if row.state in ("running", "elsewhere"):
            yield fine("processes", row.name, row.state)
        else:
            yield missing("processes", row.name, row.state, UP)


def _tables(settings: Settings) -> Iterator[Finding]:
    client = Warehouse(settings).client
    standing = {item.dataset_id for item in client.list_datasets()}
    wanted: dict[str, set[str]] = {dataset: set() for dataset in resources.datasets(settings)}
    for table in resources.tables(settings):
        dataset, _, name = table.partition(".")
        wanted[dataset].add(name)
    for dataset, names in wanted.items():
        found = {item.table_id for item in client.list_tables(dataset)} if dataset in standing else set()
        if dataset not in standing or names - found:
            lacking = ", ".join(sorted(names - found)) or "the dataset"
            yield missing("tables", dataset, f"lacks {lacking}", "pbm360 prepare")
        else:
            yield fine("tables", dataset, f"{len(names)} tables")


def _topics(settings: Settings) -> Iterator[Finding]:
    publisher, subscriber = broker.publisher(settings), broker.subscriber(settings)
    project = f"projects/{settings.project}"
    topics = {item.name for item in publisher.list_topics(request={"project": project}, timeout=10)}
    listed = subscriber.list_subscriptions(request={"project": project}, timeout=10)
    subscriptions = {item.name: item.topic for item in listed}
    for topic, subscription in resources.topics(settings).items():
        topic_name = broker.topic_path(settings, topic)
        reads = subscriptions.get(broker.subscription_path(settings, subscription))
        yield fine("topics", topic) if topic_name in topics else missing("topics", topic, "does not exist", UP)
        if reads == topic_name:
            yield fine("topics", subscription)
        else:
            yield missing("topics", subscription, f"reads {reads or 'nothing'}, expected {topic_name}", UP)


def _database(settings: Settings) -> Iterator[Finding]:
    with database.connect(settings) as connection:
        connection.execute(database.statement("create_migrations_table"))
        applied = {row["name"] for row in connection.execute(database.statement("applied_migrations"))}
    wanted = {path.stem for path in (sql_folder() / "oms").glob("[0-9]*.sql")}
    for name in sorted(wanted):
        if name in applied:
            yield fine("database", name)
        else:
            yield missing("database", name, "is a migration that is missing", "pbm360 prepare")


def _state(settings: Settings) -> Iterator[Finding]:
    key, folder = settings.state_dir / LOCAL_KEY_FILE, settings.state_dir
    if settings.pseudonym_key:
        yield fine("state", "key of the pseudonyms")
    else:
        yield missing("state", "key of the pseudonyms", f"{key} does not exist", UP)
    free = shutil.disk_usage(folder if folder.is_dir() else folder.parent).free
    if free < LEAST_FREE_BYTES:
        yield note("state", "disk", f"{free / 1e9:.1f} GB are free", "make clean")
    else:
        yield fine("state", "disk", f"{free / 1e9:,.0f} GB are free")
