"""One run of the batch: what it reads, whether it may go on, and what is noted where it fails."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pbm360.warehouse import Warehouse

OVERLAP_DAYS = 2  # a build of day D reads the messages known in [D - 2, D]


class BuildError(RuntimeError):
    """A step of a build can't be done; the text says why and what to do first."""


class LedgerError(RuntimeError):
    """Messages are neither accepted nor duplicate nor rejected."""


@dataclass(frozen=True)
class BatchRun:
    """One run of the batch for one day; `cut_at` (UTC) fixes what it reads."""

    run_id: str
    run_date: datetime.date
    cut_at: datetime.datetime

    @property
    def days(self) -> dict[str, datetime.date]:
        """The days whose messages the run reads, as parameters of the SQL."""
        return {"first_date": self.run_date - datetime.timedelta(days=OVERLAP_DAYS), "last_date": self.run_date}

    @property
    def window(self) -> dict:
        """What of these days the run reads, as parameters of the SQL."""
        return {**self.days, "cut_at": self.cut_at}

    @property
    def key(self) -> dict:
        """What names the run's row, as parameters of the SQL."""
        return {"run_id": self.run_id, "run_date": self.run_date}


def require_status(warehouse: Warehouse, run: BatchRun, expected: str, mend: str) -> None:
    """Raise `BuildError` where the run is not the newest, or not as far as expected; `mend` says what to do first."""
    rows = warehouse.run("build/newest_run.sql").to_pylist()
    if rows and rows[0]["run_id"] != run.run_id:
        raise BuildError(f"run {rows[0]['run_id']} began after run {run.run_id} and uses the staging tables; {mend}")
    status = rows[0]["status"] if rows else "unknown"
    if status != expected:
        raise BuildError(f"run {run.run_id} must be {expected}; it is {status}; {mend}")


@contextmanager
def failure_noted(warehouse: Warehouse, run: BatchRun) -> Iterator[None]:
    """Note on the run whatever fails within, and raise it again."""
    try:
        yield
    except Exception as error:  # noted and raised again, whatever it was
        parameters = {**run.key, "finished_at": datetime.datetime.now(datetime.UTC), "detail": str(error)[:2000]}
        warehouse.run("build/mark_failed.sql", parameters)
        raise
