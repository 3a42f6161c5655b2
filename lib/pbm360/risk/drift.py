"""Watch week by week whether the forecasts come true, and fall back to the rule where they don't any more."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from pbm360.risk import calibration
from pbm360.risk.clocks import microseconds
from pbm360.risk.training import read_outcomes
from pbm360.warehouse import Warehouse

WATCH_WEEKS = 8
LEAST_FORECASTS = 300  # of a week: fewer judge nothing
MOST_ERROR = 0.10  # calibration error that a forecast in use may have


def weeks(forecasts: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Return how forecasts (sql/risk/past_forecasts.sql) did, by the week of the due time and model.

    One row per Monday and model with at least `LEAST_FORECASTS`: the columns of pbm_ops.risk_calibration, less
    measured_at.
    """
    left = microseconds(ends.set_index("order_id")["left_at"].reindex(forecasts["order_id"]))
    judged = forecasts.assign(came=(~(left <= microseconds(forecasts["due_at"]))).astype(float))
    due = judged["due_at"].dt.normalize()
    judged["week_start_date"] = (due - pd.to_timedelta(due.dt.dayofweek, unit="D")).dt.date
    rows = [
        {"week_start_date": week, "model_version": version, **measured(part)}
        for (week, version), part in judged.groupby(["week_start_date", "model_version"])
        if len(part) >= LEAST_FORECASTS
    ]
    return pd.DataFrame(rows)


def measured(part: pd.DataFrame) -> dict:
    """Judge forecasts of one week."""
    chance, came = part["p_forecast"].to_numpy(float), part["came"].to_numpy(float)
    error = calibration.calibration_error(chance, came)
    own, rule = calibration.brier(chance, came), calibration.brier(part["p_rule"].to_numpy(float), came)
    return {
        "forecast_count": len(part),
        "mean_chance": float(np.mean(chance)),
        "observed_share": float(np.mean(came)),
        "calibration_error": error,
        "brier": own,
        "rule_brier": rule,
        "is_drifted": bool(error > MOST_ERROR or own > rule),
    }


def watch_calibration(warehouse: Warehouse, now: datetime.datetime) -> pd.DataFrame:
    """Measure the last weeks anew, keep them in pbm_ops.risk_calibration and return them."""
    first = (now - datetime.timedelta(weeks=WATCH_WEEKS)).date()
    monday = first - datetime.timedelta(days=first.weekday())
    past = warehouse.run("risk/past_forecasts.sql", {"first_date": monday, "now": now}).to_pandas()
    if not len(past):
        return pd.DataFrame()
    found = weeks(past, read_outcomes(warehouse, past["forecast_at"].min().to_pydatetime(), now))
    found = found[found["week_start_date"] >= monday] if len(found) else found
    warehouse.run("risk/forget_calibration.sql", {"first_date": monday})
    warehouse.load_rows("ops.risk_calibration", found.assign(measured_at=now).to_dict("records"))
    return found


def has_drifted(warehouse: Warehouse, model_version: str) -> bool:
    """Tell whether a model's newest judged week says that it has drifted."""
    newest = warehouse.run("risk/newest_calibration.sql", {"model_version": model_version}).to_pylist()
    return bool(newest) and newest[0]["is_drifted"]
