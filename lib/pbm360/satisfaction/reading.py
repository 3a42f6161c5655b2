"""Read from the warehouse what the Patient Satisfaction page shows: the reports, whose small cells are suppressed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pandas as pd

from pbm360.warehouse import Warehouse

FRAMES = ("satisfaction_weeks", "contact_weeks", "warning_weeks")


@dataclass(frozen=True)
class Mark:
    """What the reports stand on: the newest published day (UTC; None: no day yet), and when it was published (UTC)."""

    batch_date: datetime.date | None
    published_at: datetime.datetime | None


@dataclass(frozen=True)
class Reports:
    """The reports of one mark. Each frame has the columns and grain of the file of `sql/dashboards/` of its name."""

    mark: Mark
    satisfaction_weeks: pd.DataFrame
    contact_weeks: pd.DataFrame
    warning_weeks: pd.DataFrame


def read_mark(warehouse: Warehouse) -> Mark:
    """Read what the reports stand on; a look that costs little, so that the reports are read only where it moved."""
    row = warehouse.run("dashboards/reporting_mark.sql").to_pylist()[0]
    return Mark(row["batch_date"], row["batch_published_at"])


def read_reports(warehouse: Warehouse, mark: Mark) -> Reports:
    """Read the reports."""
    return Reports(mark, **{name: warehouse.run(f"dashboards/{name}.sql").to_pandas() for name in FRAMES})
