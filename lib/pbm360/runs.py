"""Tell of the runs of the batch: when, how long, how many rows, what the gates said, where the notebooks are."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from pbm360.settings import Settings
from pbm360.warehouse import Warehouse


@dataclass(frozen=True)
class RunSummary:
    """One run of the batch. Times are UTC; what a run has not counted (yet) is None."""

    run_id: str
    run_date: datetime.date
    status: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    duration_seconds: float | None
    new_message_count: int | None
    accepted_count: int | None
    rejected_count: int | None
    touched_order_count: int | None
    failed_check_count: int
    warning_count: int
    detail: str | None

    @property
    def gates(self) -> str:
        """What the gates said, in words; `told` are warnings, which let a day pass."""
        if self.failed_check_count:
            return f"{self.failed_check_count} failed"
        if self.status not in ("gated", "published"):
            return "not passed"
        return f"passed, {self.warning_count} told" if self.warning_count else "passed"


def list_runs(warehouse: Warehouse, max_runs: int = 20) -> list[RunSummary]:
    """List the runs, newest first."""
    return [RunSummary(**row) for row in warehouse.run("runs/batch_runs.sql", {"max_runs": max_runs}).to_pylist()]


def run_checks(warehouse: Warehouse, run_id: str) -> list[dict]:
    """List what the checks of a run found: phase, check_file, check_name, severity, failing_row_count, example."""
    return warehouse.run("runs/run_checks.sql", {"run_id": run_id}).to_pylist()


def runs_folder(settings: Settings) -> str:
    """Return where executed notebooks are kept: a folder, or `gs://...`."""
    return settings.runs or str(settings.state_dir / "runs")


def executed_notebooks(settings: Settings, run_date: datetime.date) -> list[str]:
    """List the executed notebooks of a day, newest first; where they are kept in a bucket, the bucket's address."""
    folder = runs_folder(settings)
    if "://" in folder:
        return [f"{folder}/*/{run_date}/*/*.ipynb"]
    found = [path for path in Path(folder).glob("**/*.ipynb") if run_date.isoformat() in path.parts]
    return [str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]
