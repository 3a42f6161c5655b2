"""Build a day: land bronze, stage silver, stage gold, pass the gates, publish all in one transaction.

The tutorial's chapters 04 to 06, `pbm360 build` and the schedule call these same functions. Staging tables live in
`pbm_staging`, not in temporary tables, because each step may run in a process of its own; one build runs at a time.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial

from pbm360 import checks, oms, partitions, staging
from pbm360.batch_run import BatchRun, BuildError, LedgerError, failure_noted, require_status
from pbm360.domain import rules
from pbm360.staging import FACTS
from pbm360.tombstones import turn_back
from pbm360.warehouse import Warehouse

SILVER_GATE = ("stg_order_events", "rejected_events")
DIMENSIONS = ("dim_drugs", "dim_patients", "dim_pharmacies")
RULE_TABLES = {
    "ops.rule_codes": "codes",
    "ops.rule_event_types": "event_types",
    "ops.rule_schemas": "schemas",
    "ops.rule_transitions": "transitions",
    "ops.rule_sparse_zip3": "sparse_zip3",
    "ops.rule_holidays": "holidays",
}


@dataclass(frozen=True)
class BuildReport:
    """What a published run did; counts are of messages, events and orders."""

    run_id: str
    run_date: datetime.date
    new_message_count: int
    accepted_count: int
    rejected_count: int
    touched_order_count: int
    seconds: float


def prepare(warehouse: Warehouse) -> None:
    """Create the tables that are missing and load the domain's rules. Harmless when repeated."""
    warehouse.create_tables()
    load_rules(warehouse)


def load_rules(warehouse: Warehouse) -> None:
    """Replace the rule tables and `dim_stages` by the domain's data files."""
    for table, name in RULE_TABLES.items():
        rows = [{column: text or None for column, text in row.items()} for row in rules.read_table(name)]
        if name == "schemas":
            rows = [row | {"schema_version": int(row["schema_version"])} for row in rows]
        if name == "holidays":
            rows = [row | {"holiday_date": datetime.date.fromisoformat(row["holiday_date"])} for row in rows]
        warehouse.load_rows(table, rows, replace=True)
    warehouse.load_rows("gold.dim_stages", [asdict(stage) for stage in rules.stages().values()], replace=True)


def land_bronze(warehouse: Warehouse, run_date: datetime.date) -> BatchRun:
    """Start a run of the day: fix its cut and land the order-management database's snapshot of that day."""
    now = datetime.datetime.now(datetime.UTC)
    run = BatchRun(f"{run_date.isoformat()}-{secrets.token_hex(4)}", run_date, cut_at=now)
    load_rules(warehouse)
    warehouse.run("build/start_run.sql", {**run.key, "started_at": now, "cut_at": run.cut_at})
    with failure_noted(warehouse, run):
        oms.land_snapshot(warehouse, warehouse.settings, run_date)
    return run


def stage_silver(
    warehouse: Warehouse, run: BatchRun, held_twice: Iterable[datetime.date] = ()
) -> list[checks.CheckResult]:
    """Judge the run's new messages, stage silver and pass its gate. Returns what the checks found.

    `held_twice` are dates of events that silver holds twice; the later copies go with this run.
    Raises `CheckFailed` where the gate fails; silver as committed is untouched either way.
    """
    with failure_noted(warehouse, run):
        since_date = partitions.snapshots_since(warehouse, run.run_date)["patients"]
        staging.judge_messages(warehouse, run.window)
        turn_back(warehouse, run.window["first_date"], run.run_date, since_date)
        staging.fill_vault(warehouse, since_date, run.run_date)
        staging.stage_events(warehouse, run.run_date, held_twice)
        warehouse.run("build/mark_staged.sql", run.key)
        return _pass_gate(warehouse, run, SILVER_GATE)


def stage_gold(warehouse: Warehouse, run: BatchRun) -> list[checks.CheckResult]:
    """Compute the dimensions and the rows of the orders that the run touches, and pass gold's gate.

    Raises `BuildError` where another run's silver is staged, `CheckFailed` where the gate fails.
    """
    require_status(warehouse, run, "staged", "stage silver first (chapter 05, or `pbm360 build`)")
    with failure_noted(warehouse, run):
        since_dates = partitions.snapshots_since(warehouse, run.run_date)
        for name in DIMENSIONS:
            warehouse.run(f"staging/{name}.sql", {"since_date": since_dates[name.removeprefix("dim_")]})
        found = _pass_gate(warehouse, run, DIMENSIONS)  # before the facts, which reckon in their calendars
        staging.touch_recalendared(warehouse)
        staging.stage_facts(warehouse)
        found += _pass_gate(warehouse, run, FACTS)
        warehouse.run("build/mark_gated.sql", run.key)
        return found


def publish(warehouse: Warehouse, run: BatchRun) -> list[dict]:
    """Publish silver, gold and the mark in one transaction, then balance the ledger of the run's days.

    Returns the ledger's rows (one per known_date and source). Raises `LedgerError` where it does not balance.
    """
    require_status(warehouse, run, "gated", "stage gold first (chapter 06, or `pbm360 build`)")
    with failure_noted(warehouse, run):
        restated = warehouse.run("build/restated_days.sql", run.days)["known_date"].to_pylist()
        parameters = {
            **run.key,
            "first_date": run.window["first_date"],
            "finished_at": datetime.datetime.now(datetime.UTC),
            **partitions.replaced_dates(warehouse),
            "order_dates": partitions.order_dates(warehouse),
            **partitions.live_dates(warehouse),
        }
        warehouse.run("build/publish.sql", parameters)
    ledger = reconcile(warehouse, run, restated)
    review(warehouse, run)
    return ledger


def review(warehouse: Warehouse, run: BatchRun) -> list[checks.CheckResult]:
    """Look at the published day: sources unlike themselves, clocks that are off, live against batch.

    What is found is kept in `pbm_ops.quality_results` with phase `published` and stops nothing. A day that was not over
    at the cut has too few messages by its nature; its sources are not held against whole days.
    """
    is_over = run.cut_at.date() > run.run_date
    names = [name for name in checks.REVIEW_CHECKS if is_over or name != checks.WHOLE_DAY_CHECK]
    reviews = warehouse.together([partial(checks.review, name=name, run_date=run.run_date) for name in names])
    found = [result for results in reviews for result in results]
    checks.record_results(warehouse, found, **run.key, phase="published")
    return found


def reconcile(warehouse: Warehouse, run: BatchRun, restated: Iterable[datetime.date] = ()) -> list[dict]:
    """Balance received = accepted + duplicate + rejected for the run's days and return the ledger's rows.

    `restated` are other days whose ledger the run has changed.
    """
    reconciled = {"cut_at": run.cut_at, "reconciled_at": datetime.datetime.now(datetime.UTC)}
    for days in (run.days, *({"first_date": day, "last_date": day} for day in restated)):
        silver_dates = partitions.silver_dates(warehouse, **days)
        warehouse.run("build/reconcile.sql", {**reconciled, **days, "silver_dates": silver_dates})
    ledger = warehouse.run("build/ledger.sql", {"first_date": run.run_date, "last_date": run.run_date}).to_pylist()
    missing = sum(row["unaccounted_count"] for row in ledger)
    if missing:
        raise LedgerError(
            f"{missing} messages known on {run.run_date} are neither accepted nor duplicate nor rejected; "
            f"build the day again (`pbm360 build --date {run.run_date}`)"
        )
    return ledger


def build(warehouse: Warehouse, run_date: datetime.date, held_twice: Iterable[datetime.date] = ()) -> BuildReport:
    """Build one day from bronze to gold; repeating it changes nothing. `held_twice` as in `stage_silver`."""
    started_at = datetime.datetime.now(datetime.UTC)
    run = land_bronze(warehouse, run_date)
    stage_silver(warehouse, run, held_twice)
    stage_gold(warehouse, run)
    publish(warehouse, run)
    return report(warehouse, run, started_at)


def backfill(
    warehouse: Warehouse,
    first_date: datetime.date,
    last_date: datetime.date,
    on_built: Callable[[BuildReport], None] = lambda report: None,
) -> list[BuildReport]:
    """Build every day of a range (both included) in order; `on_built` is called after each."""
    if first_date > last_date:
        raise BuildError(f"the first day {first_date} must not be after the last day {last_date}")
    reports = []
    for offset in range((last_date - first_date).days + 1):
        reports.append(build(warehouse, first_date + datetime.timedelta(days=offset)))
        on_built(reports[-1])
    return reports


def unpublished_days(warehouse: Warehouse, before: datetime.date) -> list[datetime.date]:
    """List the days before a day that have messages in bronze and no published run."""
    return warehouse.run("build/unpublished_days.sql", {"before": before})["known_date"].to_pylist()


def stragglers(warehouse: Warehouse, last_date: datetime.date | None = None) -> dict[datetime.date, int]:
    """Count, by known_date, the messages that no build has accounted for: the full anti-join, for once a week.

    `last_date` is the high-water mark where it is not given; before any day is published there are none.
    """
    last_date = last_date or next(iter(warehouse.run("build/high_water_date.sql")["high_water_date"].to_pylist()), None)
    if last_date is None:
        return {}
    rows = warehouse.run("build/stragglers.sql", {"last_date": last_date}).to_pylist()
    return {row["known_date"]: row["message_count"] for row in rows}


def catch_up(warehouse: Warehouse, on_built: Callable[[BuildReport], None] = lambda report: None) -> int:
    """Build every day that has stragglers and return how many messages there were.

    Copies of an event that say another date each, weeks apart, are found here, too, and the later ones go.
    Raises `LedgerError` where some are still not accounted for.
    """
    found = stragglers(warehouse)
    for day in found:
        on_built(build(warehouse, day))
    copies = warehouse.run("build/events_held_twice.sql").to_pylist()
    if copies:
        on_built(build(warehouse, copies[-1]["known_date"], {copy["event_date"] for copy in copies}))
    left = stragglers(warehouse) if found else {}
    if left:
        named = ", ".join(f"{count} of {day}" for day, count in left.items())
        raise LedgerError(f"messages are not accounted for after a build of their day: {named}; see pbm_ops.batch_runs")
    return sum(found.values())


def report(warehouse: Warehouse, run: BatchRun, started_at: datetime.datetime) -> BuildReport:
    """Read what a run counted; `seconds` is the time since `started_at`."""
    row = warehouse.run("build/run_counts.sql", run.key).to_pylist()[0]
    return BuildReport(**run.key, **row, seconds=(datetime.datetime.now(datetime.UTC) - started_at).total_seconds())


def current_run(warehouse: Warehouse, run_date: datetime.date) -> BatchRun:
    """Return the last run of a day, so that a later step (another process) can go on with it."""
    rows = warehouse.run("build/last_run.sql", {"run_date": run_date}).to_pylist()
    if not rows:
        raise BuildError(f"no run of {run_date} has begun; land bronze first (chapter 04, or `pbm360 build`)")
    return BatchRun(rows[0]["run_id"], run_date, rows[0]["cut_at"])


def _pass_gate(warehouse: Warehouse, run: BatchRun, names: tuple[str, ...]) -> list[checks.CheckResult]:
    found = [result for name in names for result in checks.run_check(warehouse, name, staged=True)]
    checks.record_results(warehouse, found, **run.key, phase="staged")
    checks.require_passed(found, f"Nothing of run {run.run_id} was published.")
    return found


def require_no_build(warehouse: Warehouse) -> None:
    """Raise `BuildError` where the last run has begun and not ended: what it has staged must not be published later."""
    newest = warehouse.run("build/newest_run.sql").to_pylist()
    if newest and newest[0]["status"] in ("started", "staged", "gated"):
        raise BuildError(
            f"run {newest[0]['run_id']} is {newest[0]['status']}: wait for its end, or build the day again "
            f"(`pbm360 build --date {newest[0]['run_date']}`)"
        )
