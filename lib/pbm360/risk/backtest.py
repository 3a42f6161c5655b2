"""Try a forecast on the past: what it would have said then, against what came, beside the rules of today."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pbm360.risk import calibration
from pbm360.risk.cells import cells_of, with_hours
from pbm360.risk.clocks import HOUR, microseconds
from pbm360.risk.model import RiskModel
from pbm360.risk.rules import RULES
from pbm360.risk.scoring import miss_promise, run_out
from pbm360.risk.training import read_features, read_outcomes, read_pharmacies, train, training_instants
from pbm360.warehouse import Warehouse

AHEAD_HOURS = 24.0
TOP_SHARE = 0.05
FLAG_AT = 0.5  # the chance from which on the forecast flags
NAMES = {"forecast": "Forecast", "age": "Rule: age over SLA", "average": "Rule: stage average"}


@dataclass(frozen=True)
class Verdict:
    """How one way to foresee a missed SLA did."""

    brier: float
    calibration_error: float
    precision_at_top: float
    warning: calibration.EarlyWarning


def judged_rows(model: RiskModel, features: pd.DataFrame, ends: pd.DataFrame, pharmacies: pd.DataFrame) -> pd.DataFrame:
    """Return what the forecast and the rules said of orders at past instants, and what came.

    `ends` (order_id, left_at, ...) are sql/risk/outcomes.sql or the simulator's truth. One row per instant and order
    that was not past its dock or due time: order_id, as_of, came, ahead_hours, forecast, and by rule the chance
    (`age`, `average`) and the flag (`age_flag`, `average_flag`).
    """
    rows = with_hours(features, pharmacies)
    rows = rows[~rows["is_past_dock"] & (rows["due_us"] > rows["as_of_us"]) & rows["order_id"].isin(ends["order_id"])]
    rows = rows.reset_index(drop=True)
    left = microseconds(ends.set_index("order_id")["left_at"].reindex(rows["order_id"]))
    cells = cells_of(rows)
    found = rows[["order_id", "as_of", "stage", "kind"]].assign(
        came=(~(left <= rows["due_us"].to_numpy())).astype(float),
        ahead_hours=(rows["due_us"] - rows["as_of_us"]) / HOUR,
        forecast=model.dock.beyond(cells, rows["slack_hours"].to_numpy()),
    )
    is_over = (rows["age_hours"] > rows["stage_sla_hours"]).to_numpy()
    for rule in RULES:
        flags = model.rules.flags(
            rule, cells["stage"].to_numpy(), rows["age_hours"].to_numpy(), found["ahead_hours"].to_numpy(), is_over
        )
        found[rule], found[f"{rule}_flag"] = model.rules.chance(rule, flags), flags
    return found


def promise_rows(
    model: RiskModel, features: pd.DataFrame, ends: pd.DataFrame, pharmacies: pd.DataFrame
) -> pd.DataFrame:
    """Return, by instant and order that had a promise, the chance of missing it, and whether that came."""
    rows = with_hours(features, pharmacies)
    is_ahead = (rows["promised_us"] > rows["as_of_us"]) & rows["order_id"].isin(ends["order_id"])
    rows = rows[is_ahead].reset_index(drop=True)
    delivered = microseconds(ends.set_index("order_id")["delivered_at"].reindex(rows["order_id"]))
    return rows[["order_id", "as_of"]].assign(
        came=(~(delivered <= rows["promised_us"].to_numpy())).astype(float),
        forecast=miss_promise(model, rows, model.door.of(cells_of(rows))),
    )


def runout_rows(model: RiskModel, features: pd.DataFrame, ends: pd.DataFrame, pharmacies: pd.DataFrame) -> pd.DataFrame:
    """Return, by instant and order whose patient still had drug, the chance that it ends first, and whether it did.

    `features` are sql/risk/features_as_of.sql. An order that was cancelled says nothing of when it would have come.
    """
    rows = with_hours(features, pharmacies).assign(runout_us=microseconds(features["runout_at"]))
    told = ends[ends["cancelled_at"].isna()].set_index("order_id")
    rows = rows[(rows["runout_us"] > rows["as_of_us"]) & rows["order_id"].isin(told.index)].reset_index(drop=True)
    delivered = microseconds(told["delivered_at"].reindex(rows["order_id"]))
    return rows[["order_id", "as_of"]].assign(
        came=(~(delivered <= rows["runout_us"].to_numpy())).astype(float),
        forecast=run_out(rows, model.door.of(cells_of(rows)), pharmacies),
    )


def verdicts(
    rows: pd.DataFrame, chances: Mapping[str, np.ndarray], flags: Mapping[str, np.ndarray]
) -> dict[str, Verdict]:
    """Judge several ways on the same rows (`judged_rows`): their chances, and the flags that they would raise."""
    came = rows["came"].to_numpy(float)
    return {
        name: Verdict(
            calibration.brier(chance, came),
            calibration.calibration_error(chance, came),
            calibration.precision_at(chance, came, TOP_SHARE),
            calibration.warning(rows, flags[name], AHEAD_HOURS),
        )
        for name, chance in chances.items()
    }


def better_rule(rows: pd.DataFrame) -> str:
    """Return the rule with the lower Brier score."""
    came = rows["came"].to_numpy(float)
    return min(RULES, key=lambda rule: calibration.brier(rows[rule].to_numpy(), came))


@dataclass(frozen=True)
class Past:
    """A model of what was known before some instants, and what came of the orders that were open at them."""

    model: RiskModel
    features: pd.DataFrame
    ends: pd.DataFrame
    pharmacies: pd.DataFrame


def read_past(warehouse: Warehouse, until: datetime.datetime, count: int) -> Past:
    """Train on what was known before the last weeks' instants, and read what is needed to judge it at them."""
    instants = training_instants(until, count)
    model = train(warehouse, instants[-1])
    features, ends = read_features(warehouse, instants), read_outcomes(warehouse, instants[-1], until)
    return Past(model, features, ends, read_pharmacies(warehouse))


def run(past: Past) -> tuple[pd.DataFrame, dict[str, Verdict]]:
    """Judge the forecasts that the model makes: the judged rows, the verdicts of the forecast and the two rules."""
    rows = judged_rows(past.model, past.features, past.ends, past.pharmacies)
    chances = {name: rows[name].to_numpy() for name in NAMES}
    flags = {rule: rows[f"{rule}_flag"].to_numpy() for rule in RULES} | {"forecast": chances["forecast"] >= FLAG_AT}
    return rows, verdicts(rows, chances, flags)
