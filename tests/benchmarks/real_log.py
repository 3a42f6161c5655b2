"""Foresee the rest of a real log's cases: hours until BILLED, against the average of the stage.

    HOSPITAL_BILLING_LOG=hospital_billing.csv.gz python -m tests.benchmarks.real_log

The log is the public "Hospital Billing" (4TU). Nobody here wrote it, and it is no pharmacy: no opening hours are known,
no promise, no carrier. The forecast is the same, with the same cells.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.envelope import to_microseconds
from pbm360.feeds.importer import find_mapping
from pbm360.feeds.survey import numbered_events, survey_log
from pbm360.risk.cells import cells_of, with_hours
from pbm360.risk.clocks import HOUR, microseconds
from pbm360.risk.model import learn, training_samples
from pbm360.risk.training import read_features, read_outcomes, read_pharmacies
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse
from tests.conftest import TEST_KEY

VARIABLE = "HOSPITAL_BILLING_LOG"
SPACING = datetime.timedelta(days=11, hours=7)
TRAINED_SHARE, TESTED_FROM = 0.6, 0.65  # of the log's span: learnt until, tried from
SETTLED = datetime.timedelta(days=120)


def load_log(warehouse: Warehouse, path: Path) -> tuple[datetime.datetime, datetime.datetime]:
    """Lay the log into silver, each event known when it happened; returns the span of its cases."""
    mapping, decoder = find_mapping(Path("hospital_billing")), Decoder(TEST_KEY)
    rows, later = [], to_microseconds(datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC))
    for number, (event_id, event) in enumerate(numbered_events(path, mapping, survey_log(path, mapping))):
        row = decoder.decode(event.payload(event_id), Stamps(f"log-{number:06}", later, later, later))
        if not isinstance(row, Rejection):
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    frame = pd.DataFrame(rows)
    frame["known_at"] = frame["publish_time"] = frame["ingested_at"] = frame["event_at"]
    schema = warehouse.arrow_schema("silver.stg_order_events")
    columns = {name: frame[name].where(frame[name].notna(), None).tolist() for name in frame}
    warehouse.load_arrow(
        "silver.stg_order_events", pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)
    )
    opened = frame.loc[frame["event_type"] == "referral_received", "event_at"]
    first, last = (datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC) for at in (opened.min(), opened.max()))
    return first, last


def measure_log(path: Path) -> dict[str, float]:
    """Return the mean absolute error of the remaining days, of the forecast and of the stage's average, in days."""
    with fresh_warehouse() as warehouse:
        first, last = load_log(warehouse, path)
        cut = first + TRAINED_SHARE * (last - first)
        learnt_at = instants_between(first + SETTLED / 4, cut - SETTLED)
        tried_at = instants_between(first + TESTED_FROM * (last - first), last)
        pharmacies = read_pharmacies(warehouse)
        known = read_outcomes(warehouse, first, cut)
        model = learn(training_samples(read_features(warehouse, learnt_at), known, pharmacies), cut)
        ends = read_outcomes(warehouse, first, last + 10 * SETTLED).set_index("order_id")["delivered_at"]
        rows = with_hours(read_features(warehouse, tried_at), pharmacies)
    rows["hours"] = (microseconds(ends.reindex(rows["order_id"])) - rows["as_of_us"]) / HOUR
    rows = rows[rows["hours"].notna()].reset_index(drop=True)
    said = model.door.quantile(cells_of(rows), 0.5)
    average = stage_average(model.samples, rows)
    errors = {"forecast": np.nan_to_num(said, nan=np.nanmax(said)), "average": average}
    found = {name: float(np.mean(np.abs(hours - rows["hours"])) / 24) for name, hours in errors.items()}
    return found | {"case_count": rows["order_id"].nunique(), "forecast_count": len(rows)}


def stage_average(samples: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return what is left of the average time from entering the stage to the end, hours; none where it is over."""
    told = samples[samples["door_hours"] < 9e4]
    means = (told["door_hours"] + told["age_hours"]).groupby(told["stage"]).mean()
    return np.maximum(rows["stage_order"].map(means).fillna(means.mean()) - rows["age_hours"], 0).to_numpy()


def instants_between(first: datetime.datetime, last: datetime.datetime) -> list[datetime.datetime]:
    """Return instants from `first` to `last`, so far apart that they go round the week."""
    count = int((last - first) / SPACING)
    return [first + SPACING * number for number in range(count)]


def measure() -> Iterator[tuple[str, str]]:
    """Yield (what, figure) rows; one that says so where the log is not at hand."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        yield "Hospital Billing: remaining days to BILLED", f"not measured: {VARIABLE} names no file"
        return
    found = measure_log(Path(path))
    ratio = found["forecast"] / found["average"]
    yield (
        f"Hospital Billing: {found['case_count']:,} cases, {found['forecast_count']:,} forecasts, mean error to BILLED",
        f"{found['forecast']:.1f} days; stage average {found['average']:.1f} days ({ratio:.2f} times)",
    )


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<90} {figure}", flush=True)
