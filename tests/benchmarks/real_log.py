"""Foresee the rest of a real log's cases: hours until BILLED, against the average of the stage.

    HOSPITAL_BILLING_LOG=hospital_billing.csv.gz python -m tests.benchmarks.real_log

The log is the public "Hospital Billing" (4TU). Nobody here wrote it, and it is no pharmacy: no opening hours are known,
no promise, no carrier. The forecast is the same, with the same cells. The cases that began first teach, the others are
tried, as is usual with such logs: most of them live for months, so few ends lie between two ends of the log.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.envelope import to_microseconds
from pbm360.feeds.importer import find_mapping
from pbm360.feeds.survey import numbered_events, survey_log
from pbm360.risk.cells import cells_of, with_hours
from pbm360.risk.clocks import HOUR, microseconds
from pbm360.risk.model import learn, training_samples
from pbm360.risk.training import read_features, read_outcomes, read_pharmacies
from pbm360.risk.worlds import events_table
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse
from tests.conftest import TEST_KEY

VARIABLE = "HOSPITAL_BILLING_LOG"
SPACING = datetime.timedelta(days=9, hours=7)
LEARNT_SHARE = 0.6  # of the cases, those that began first
MOST_DAYS = 540  # of instants after the first case began: by then nearly all are billed
LONG = datetime.timedelta(days=3650)


def load_log(warehouse: Warehouse, path: Path) -> pd.Series:
    """Lay the log into silver, each event known when it happened; returns by case when it began (UTC), in order."""
    mapping, decoder = find_mapping(Path("hospital_billing")), Decoder(TEST_KEY)
    rows, later = [], to_microseconds(datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC))
    for number, (event_id, event) in enumerate(numbered_events(path, mapping, survey_log(path, mapping))):
        row = decoder.decode(event.payload(event_id), Stamps(f"log-{number:06}", later, later, later))
        if not isinstance(row, Rejection):
            found = dict(zip(COLUMNS, row, strict=True))
            rows.append(found | dict.fromkeys(("known_at", "publish_time", "ingested_at"), found["event_at"]))
    warehouse.load_arrow(
        "silver.stg_order_events", events_table(rows, warehouse.arrow_schema("silver.stg_order_events"))
    )
    opened = {row["order_id"]: row["event_at"] for row in rows if row["event_type"] == "referral_received"}
    return pd.to_datetime(pd.Series(opened), unit="us", utc=True).sort_values()


def measure_log(path: Path) -> dict[str, float]:
    """Return the mean absolute error of the remaining days, of the forecast and of the stage's average, in days."""
    with fresh_warehouse() as warehouse:
        began = load_log(warehouse, path)
        first = began.iloc[0].to_pydatetime()
        instants = [first + SPACING * number for number in range(1, int(MOST_DAYS / SPACING.days))]
        features, pharmacies = read_features(warehouse, instants), read_pharmacies(warehouse)
        ends = read_outcomes(warehouse, first, first + LONG)
    learnt = features["order_id"].isin(began.index[: int(LEARNT_SHARE * len(began))])
    ends = ends[ends["delivered_at"].notna()]
    known = features["order_id"].isin(ends["order_id"])
    model = learn(training_samples(features[learnt & known], ends, pharmacies), first)
    rows = with_hours(features[~learnt & known], pharmacies)
    billed = microseconds(ends.set_index("order_id")["delivered_at"].reindex(rows["order_id"]))
    hours = (billed - rows["as_of_us"].to_numpy()) / HOUR
    said = model.door.quantile(cells_of(rows), 0.5)
    errors = {"forecast": np.nan_to_num(said, nan=np.nanmax(said)), "average": stage_average(model.samples, rows)}
    found = {name: float(np.mean(np.abs(guess - hours)) / 24) for name, guess in errors.items()}
    return found | {"case_count": rows["order_id"].nunique(), "forecast_count": len(rows)}


def stage_average(samples: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return what is left of the average time from entering the stage to the end, hours; none where it is over."""
    told = samples[samples["door_hours"] < 9e4]
    means = (told["door_hours"] + told["age_hours"]).groupby(told["stage"]).mean()
    return np.maximum(rows["stage_order"].map(means).fillna(means.mean()) - rows["age_hours"], 0).to_numpy()


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
