"""Smoke tests of the real BigQuery and Pub/Sub: what only they can prove, by the clients that the work itself uses."""

from __future__ import annotations

import datetime
import secrets
import time

from google.api_core.exceptions import Forbidden
from google.cloud import bigquery

from pbm360 import broker
from pbm360.cloud.api import Api
from pbm360.cloud.findings import Finding, fine, missing, note
from pbm360.cloud.prices import read_prices
from pbm360.cloud.quantities import DAYS, TIB
from pbm360.settings import Settings
from pbm360.warehouse import Warehouse, definition, table_files

EVENT_PATIENCE_SECONDS = 180.0  # a first worker may be starting
POLL_SECONDS = 2.0
BEAT_SECONDS = 300.0
PUBLISHED_HOURS = 48.0
QUERY_BUDGET_USD = 3500.0  # a month; deploy/terraform/examples/prod.tfvars
TIME_TRAVEL_HOURS = 48


def statements_are_accepted(api: Api, settings: Settings) -> Finding:
    """Let BigQuery check every table, view and function of sql/ without running it."""
    client, configuration = Warehouse(settings).client, bigquery.QueryJobConfig(dry_run=True)
    for name in table_files():
        client.query(definition(name, settings.dataset_prefix), job_config=configuration)
    return fine("smoke", "statements", f"{len(table_files())} definitions accepted")


def event_lands(api: Api, settings: Settings, patience_seconds: float = EVENT_PATIENCE_SECONDS) -> Finding:
    """Publish one message that no parser takes, and wait until bronze holds it: refused, it touches no order."""
    warehouse, mark = Warehouse(settings), f"smoke-{secrets.token_hex(8)}"
    started, today = time.monotonic(), datetime.datetime.now(datetime.UTC).date()
    broker.publish_batches(settings, settings.topic, [(mark.encode(), {"source": "smoke"})])
    while time.monotonic() - started < patience_seconds:
        rows = warehouse.run("smoke/landed.sql", {"payload": mark.encode(), "first_date": today})
        if rows["row_count"][0].as_py():
            return fine("smoke", "event lands", f"in bronze {time.monotonic() - started:.1f} s after publication")
        time.sleep(POLL_SECONDS)
    detail = f"is not in bronze after {patience_seconds:g} s"
    return missing("smoke", "event lands", detail, "docs/runbooks.md#stuck-stream")


def stream_beats(api: Api, settings: Settings) -> Finding:
    """Look at the stream's last heartbeat."""
    beat, age = _freshness(settings, "stream_beat_at")
    if beat is None or age > BEAT_SECONDS:
        detail = "has none" if beat is None else f"is {age:,.0f} s old"
        return missing("smoke", "stream beats", f"the last heartbeat {detail}", "docs/runbooks.md#stuck-stream")
    return fine("smoke", "stream beats", f"{age:.0f} s ago")


def day_is_published(api: Api, settings: Settings) -> Finding:
    """Look when a run of the schedule last published: then papermill, pods, gates and publication work."""
    published, age = _freshness(settings, "batch_published_at")
    if published is None or age > PUBLISHED_HOURS * 3600:
        detail = "no run has published" if published is None else f"the last publication is {age / 3600:,.0f} h old"
        return missing("smoke", "day is published", detail, "docs/runbooks.md#failed-gate")
    return fine("smoke", "day is published", f"{age / 3600:.1f} h ago")


def bronze_is_filtered(api: Api, settings: Settings) -> Finding:
    """Look whether BigQuery itself asks for a partition filter on the one large table."""
    table = Warehouse(settings).client.get_table(f"{settings.project}.{settings.dataset('bronze')}.raw_orders")
    if table.require_partition_filter:
        return fine("smoke", "bronze is filtered", "a query without a filter is refused")
    alter = f"bq update --require_partition_filter {api.project}:{settings.dataset('bronze')}.raw_orders"
    return missing("smoke", "bronze is filtered", "a query may read all of bronze", alter)


def identifiers_are_guarded(api: Api, settings: Settings) -> Finding:
    """Try to read a column that names a patient, and the vault, as whoever asks: both must be refused."""
    open_ones = [name for name in ("bronze.oms_patients", "vault.patient_keys") if _is_readable(settings, name)]
    if open_ones:
        detail = f"you can read {', '.join(open_ones)}; right for a privacy officer alone"
        return note("smoke", "identifiers are guarded", detail)
    return fine("smoke", "identifiers are guarded", "refused, or no row is shown")


def erasure_is_final(api: Api, settings: Settings) -> Finding:
    """Look how long BigQuery can still show what was erased."""
    client = Warehouse(settings).client
    for layer in ("bronze", "silver", "gold", "live", "vault"):
        name = settings.dataset(layer)
        answer = client.get_dataset(name)._properties.get("maxTimeTravelHours")
        if int(answer or 168) != TIME_TRAVEL_HOURS:
            update = f"bq update --max_time_travel_hours={TIME_TRAVEL_HOURS} {api.project}:{name}"
            return missing("smoke", "erasure is final", f"{name} shows the past for {answer or 168} h", update)
    return fine("smoke", "erasure is final", f"after {TIME_TRAVEL_HOURS} h, and 7 days of fail-safe")


def queries_cost_little(api: Api, settings: Settings) -> Finding:
    """Add up what queries were billed in a day, and hold a month of it against the budget."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    jobs = Warehouse(settings).client.list_jobs(all_users=True, min_creation_time=since, state_filter="done")
    billed = sum(getattr(job, "total_bytes_billed", None) or 0 for job in jobs)
    month_usd = read_prices()["bigquery_on_demand"].of(billed * DAYS / TIB)
    detail = f"{billed / TIB:.2f} TiB were billed in 24 hours: ${month_usd:,.0f} a month"
    if month_usd > QUERY_BUDGET_USD:
        return missing("smoke", "queries cost little", detail, "pbm360 cost --snapshot-seconds 60 --items")
    return fine("smoke", "queries cost little", detail)


def _freshness(settings: Settings, column: str) -> tuple[datetime.datetime | None, float]:
    now = datetime.datetime.now(datetime.UTC)
    value = Warehouse(settings).run("dashboards/freshness.sql", {"now": now})[column][0].as_py()
    return value, (now - value).total_seconds() if value else float("inf")


def _is_readable(settings: Settings, name: str) -> bool:
    warehouse = Warehouse(settings)
    try:
        return bool(list(warehouse.client.list_rows(warehouse.table_id(name), max_results=1)))
    except Forbidden:
        return False
