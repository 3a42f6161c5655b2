"""Model what a month uses on Google Cloud: how many messages, bytes, CPU hours a workload needs, and why so many.

Bytes were measured on 2,000 simulated orders (a test measures them again), by BigQuery's sizes of types. What can only
be guessed before a first bill says so in its basis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HOURS = 730.0  # of a month
DAYS = HOURS / 24
GIB, TIB, GB = 1024.0**3, 1024.0**4, 1e9

MESSAGE_BYTES = 435  # payload 296, attributes 102, time 20, id 17: as Pub/Sub counts them
EVENTS_PER_ORDER = 12.8
BRONZE_BYTES = 483  # a row of raw_orders
SILVER_BYTES = 195  # a row of stg_order_events; as much again in live, until its day is published
GOLD_BYTES = 96  # of an event: an order's row of 283 and its 8.4 stage visits of 107, over its events
ORDER_BYTES = 22  # of an event: its order's row alone, which the dashboards read each time
SNAPSHOT_BYTES = 271  # an order in one night's snapshot of order management, with its patient and all the rest
PEAK = 7.0  # the busiest hour of two weeks against the mean hour
EVENTS_PER_VCPU = 2500.0  # a second: a seventh to a quarter of a core's measure (docs/benchmarks.md), by the hour
WORKER_VCPUS, WORKER_GB, WORKER_DISK_GB = 2, 8, 30  # n2-standard-2, as stream/launch.py asks for
ENGINE_UNITS_A_WORKER = 1.0  # at least, of Streaming Engine: a guess that the first bill corrects
ENGINE_UNITS_A_GIB = 58.0  # of messages a second, in Google's benchmark of a job from Kafka to BigQuery
LIVE_DAYS = 2.0  # of events that the batch has not taken over
BUILD_BYTES = 43_000  # of an event of the day: its build reads the days on which its orders lived (a test measures it)
SPAN_BYTES = 4  # of an event of the history: where orders' events lie, which every build reads whole (measured, too)
LEAST_BYTES_BILLED = 10 * 1024.0**2  # of each table that a query names
TABLES_A_TICK = 12  # that the three queries of a snapshot name, views resolved
BACKGROUND_SNAPSHOTS = 15  # the slow queries are read once in so many snapshots
BACKGROUND_READS = 2.0  # of the whole of silver and gold by one reading of the slow queries
SLOTS = 100  # of a reservation that answers the dashboards and the builds
COMPOSER_DCUS, COMPOSER_DATABASE_GB = 9.0, 10.0
KERNEL_GIB, SERVER_GIB = 0.16, 2.0  # as deploy/terraform/cloud_run.tf: 120 MB a viewer were measured
STREAMLIT_VCPUS, STREAMLIT_GIB = 2.0, 4.0
NOTEBOOK_GB_A_DAY = 0.01
IMAGE_GB, IMAGES, RELEASES = 1.0, 3, 20
BUILDS, BUILD_MINUTES = 20, 40.0
ACTIVE_DAYS = 90.0


@dataclass(frozen=True)
class Workload:
    """What is asked of the workbench. `history_days` of events lie in the warehouse, messages are kept `message_days`.

    `viewers` look at the dashboards at the same time; `snapshot_seconds` lie between two reads for them.
    """

    events_per_day: float
    viewers: int
    history_days: int = 365
    message_days: int = 7
    snapshot_seconds: float = 15.0
    database_vcpus: int = 2
    database_gb: float = 7.5
    is_database_regional: bool = False


@dataclass(frozen=True)
class Quantity:
    """So much of what a price is for, in the price's unit, and why."""

    price: str
    amount: float
    basis: str


def quantities(workload: Workload) -> list[Quantity]:
    """Return what a month uses, BigQuery's queries apart (`query_tebibytes`, `slot_hours`)."""
    return [
        *_pubsub(workload),
        *_dataflow(workload),
        *_bigquery(workload),
        Quantity("composer_dcu", COMPOSER_DCUS * HOURS, f"{COMPOSER_DCUS:g} DCU all month, a guess for a small one"),
        Quantity("composer_database", COMPOSER_DATABASE_GB * HOURS, f"{COMPOSER_DATABASE_GB:g} GiB"),
        *_cloud_sql(workload),
        *_cloud_run(workload),
        *_delivery(),
    ]


def query_tebibytes(workload: Workload) -> float:
    """Return what queries read in a month, as on-demand prices count it."""
    day = workload.events_per_day
    silver, gold = SILVER_BYTES * day * workload.history_days, GOLD_BYTES * day * workload.history_days
    least = LEAST_BYTES_BILLED * TABLES_A_TICK
    orders, live = ORDER_BYTES * day * workload.history_days, SILVER_BYTES * day * LIVE_DAYS
    tick = max(silver + orders + live, least)  # the serving view joins live with the whole of silver
    slow = max(BACKGROUND_READS * (silver + gold), least) / BACKGROUND_SNAPSHOTS
    ticks = HOURS * 3600 / workload.snapshot_seconds
    builds = DAYS * day * (BUILD_BYTES + SPAN_BYTES * workload.history_days)
    return (ticks * (tick + slow) + builds) / TIB


def slot_hours() -> float:
    """Return the hours of a reservation that is on all month."""
    return SLOTS * HOURS


def workers(workload: Workload) -> int:
    """Return how many Dataflow workers the busiest hour needs; one stands always."""
    busiest = workload.events_per_day / 86_400 * PEAK
    return max(1, math.ceil(busiest / (EVENTS_PER_VCPU * WORKER_VCPUS)))


def voila_size(viewers: int) -> tuple[int, float]:
    """Return the CPUs and GiB of Voila's one instance, as Terraform sizes it for a budget of so many kernels."""
    return (8 if viewers > 80 else 4), SERVER_GIB + math.ceil(viewers * KERNEL_GIB)


def _pubsub(workload: Workload) -> list[Quantity]:
    day = workload.events_per_day * MESSAGE_BYTES
    moved = 2 * DAYS * day / TIB
    kept = workload.message_days * day / GIB
    return [
        Quantity("pubsub_throughput", moved, f"{MESSAGE_BYTES} bytes a message, published once and delivered once"),
        Quantity("pubsub_retention", kept, f"{workload.message_days} days of messages"),
    ]


def _dataflow(workload: Workload) -> list[Quantity]:
    count = workers(workload)
    vcpus = count * WORKER_VCPUS
    through = workload.events_per_day / 86_400 * MESSAGE_BYTES / GIB
    units = max(count * ENGINE_UNITS_A_WORKER, through * ENGINE_UNITS_A_GIB)
    return [
        Quantity(
            "dataflow_streaming_vcpu",
            vcpus * HOURS,
            f"{count} worker{'s' if count > 1 else ''} of {WORKER_VCPUS} vCPU, day and night",
        ),
        Quantity("dataflow_streaming_memory", count * WORKER_GB * HOURS, f"{WORKER_GB} GB a worker"),
        # a job that delivers at least once is billed by units, never by the bytes that pass through
        Quantity("dataflow_streaming_engine", units * HOURS, f"a guess: one a worker at least, {units:g} in all"),
        Quantity("dataflow_disk", count * WORKER_DISK_GB * HOURS, f"{WORKER_DISK_GB} GB a worker"),
    ]


def _bigquery(workload: Workload) -> list[Quantity]:
    day, history = workload.events_per_day, workload.history_days
    written = DAYS * day * (BRONZE_BYTES + SILVER_BYTES) / GIB
    kept_bytes = (BRONZE_BYTES + SILVER_BYTES + GOLD_BYTES) * day
    snapshots = SNAPSHOT_BYTES * day / EVENTS_PER_ORDER
    active_days = min(history, ACTIVE_DAYS)
    old_days = history - active_days
    recent = snapshots * (history**2 - old_days**2) / 2  # each night holds every order until then
    active = (kept_bytes * active_days + recent) / GIB
    old = (kept_bytes * old_days + snapshots * old_days**2 / 2) / GIB
    return [
        Quantity("bigquery_write_api", written, f"{BRONZE_BYTES + SILVER_BYTES} bytes an event to bronze and live"),
        Quantity("bigquery_storage_active", active, f"the last {active_days:g} days, order management's nights among"),
        Quantity("bigquery_storage_long_term", old, f"the {old_days:g} days before"),
    ]


def _cloud_sql(workload: Workload) -> list[Quantity]:
    copies = 2 if workload.is_database_regional else 1
    disk = 20 + 2 * SNAPSHOT_BYTES * workload.events_per_day / EVENTS_PER_ORDER * workload.history_days / GB
    where = "with a standby in another zone" if copies == 2 else "in one zone"
    return [
        Quantity("cloud_sql_vcpu", copies * workload.database_vcpus * HOURS, f"{workload.database_vcpus} vCPU {where}"),
        Quantity("cloud_sql_memory", copies * workload.database_gb * HOURS, f"{workload.database_gb:g} GB {where}"),
        Quantity("cloud_sql_disk", copies * disk, f"{disk:,.0f} GB: rows and their indexes"),
        Quantity("cloud_sql_backup", disk, "backups of 14 days, as much as the disk"),
    ]


def _cloud_run(workload: Workload) -> list[Quantity]:
    cpus, gib = voila_size(workload.viewers)
    seconds = HOURS * 3600
    vcpus, memory = cpus + STREAMLIT_VCPUS + 1, gib + STREAMLIT_GIB + 1  # and the outbox's relay
    return [
        Quantity("cloud_run_vcpu", vcpus * seconds, f"Voila {cpus}, Streamlit {STREAMLIT_VCPUS:g}, the relay 1"),
        Quantity("cloud_run_memory", memory * seconds, f"Voila {gib:g} GiB for {workload.viewers} viewers' kernels"),
    ]


def _delivery() -> list[Quantity]:
    return [
        Quantity("storage_standard", NOTEBOOK_GB_A_DAY * 400 + 2, "executed notebooks of 400 days, the template"),
        Quantity("artifact_storage", IMAGE_GB * IMAGES * RELEASES, f"{RELEASES} releases of {IMAGES} images, a guess"),
        Quantity("artifact_scan", IMAGES * BUILDS, f"{BUILDS} builds"),
        Quantity("secret_version", 4, "the key, the database's address, their next versions"),
        Quantity("build_minute", BUILDS * BUILD_MINUTES, f"{BUILDS} builds of {BUILD_MINUTES:g} minutes"),
        Quantity("logging_ingest", 40, "a guess"),
    ]
