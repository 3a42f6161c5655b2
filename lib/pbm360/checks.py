"""Run the checks of `sql/checks`: each returns the rows that fail, with a severity of fail or warn."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from pbm360 import partitions
from pbm360.warehouse import Warehouse

LIVE_CHECK = "live_against_batch"
SEVERITIES = ("fail", "warn")
MEDALLION_CHECKS = (
    "stg_order_events",
    "rejected_events",
    "fact_order_lifecycle",
    "fact_stage_visits",
    "fact_patient_feedback",
    "dim_drugs",
    "dim_patients",
    "dim_pharmacies",
    "dim_stages",
)
REVIEW_CHECKS = (  # of a published day; they stop nothing
    "scanner_clocks",
    "source_anomalies",
    LIVE_CHECK,
    "order_management",
)
WHOLE_DAY_CHECK = "source_anomalies"
TRUTH_CHECK = "truth_orders"


class CheckFailed(RuntimeError):
    """A check of severity `fail` found rows; the text names them and says what was not done because of it."""


@dataclass(frozen=True)
class CheckResult:
    """What one check of one file found: how many rows fail, and the key of one of them."""

    check_file: str
    check_name: str
    severity: str
    failing_row_count: int
    example: str

    @property
    def is_failure(self) -> bool:
        """True where the check must stop a publication."""
        return self.severity == "fail" and self.failing_row_count > 0


def run_check(
    warehouse: Warehouse, name: str, parameters: Mapping | None = None, *, staged: bool = False
) -> list[CheckResult]:
    """Run `sql/checks/<name>.sql`; one result per check that found rows, or one of count 0 for the file.

    `staged` reads the tables that a build has staged and not yet published (`pbm_staging`) in place of silver and gold.
    """
    rows = warehouse.run(f"checks/{name}.sql", parameters, staged=staged).to_pylist()
    if not rows:
        return [CheckResult(name, "all", "fail", 0, "")]
    found: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        found.setdefault((row["check_name"], row["severity"]), []).append(row)
    return [
        CheckResult(name, check_name, severity, len(failing), f"{failing[0]['row_key']}: {failing[0]['detail']}")
        for (check_name, severity), failing in found.items()
    ]


def review(warehouse: Warehouse, name: str, run_date: datetime.date) -> list[CheckResult]:
    """Run one of `REVIEW_CHECKS` on a published day."""
    found = partitions.review_dates(warehouse, run_date) if name == LIVE_CHECK else {}
    return run_check(warehouse, name, {"run_date": run_date, **found})


def record_results(
    warehouse: Warehouse, results: list[CheckResult], *, run_id: str, run_date: datetime.date, phase: str
) -> None:
    """Keep the results in `pbm_ops.quality_results`; phase is `staged` or `published`."""
    now = datetime.datetime.now(datetime.UTC)
    warehouse.load_rows(
        "ops.quality_results",
        [
            {
                "run_id": run_id,
                "run_date": run_date,
                "phase": phase,
                "check_file": result.check_file,
                "check_name": result.check_name,
                "severity": result.severity,
                "failing_row_count": result.failing_row_count,
                "example": result.example,
                "checked_at": now,
                "checked_date": now.date(),
            }
            for result in results
        ],
    )


def require_passed(results: list[CheckResult], consequence: str) -> None:
    """Raise `CheckFailed` where a result is a failure, naming every check that failed."""
    failures = [result for result in results if result.is_failure]
    if failures:
        named = "; ".join(
            f"{item.check_file}: {item.check_name!r} fails for {item.failing_row_count} rows, e.g. {item.example}"
            for item in failures
        )
        raise CheckFailed(f"{named}. {consequence}")


def compare_with_truth(warehouse: Warehouse) -> list[CheckResult]:
    """Compare every simulated order in gold with the simulator's ledger, less the scans that it withheld."""
    return run_check(warehouse, TRUTH_CHECK)
