"""Score open orders: the chances of trouble, the expected delivery and the reasons that weigh most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pbm360.risk.cells import cells_of, instants_on_clock, on_clock, with_hours
from pbm360.risk.clocks import HOUR, microseconds
from pbm360.risk.model import RiskModel
from pbm360.risk.reasons import reasons
from pbm360.risk.survival import Cases

FORECASTS = ("p_miss_sla", "p_miss_promise", "p_runout")


def score(model: RiskModel, features: pd.DataFrame, pharmacies: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast of each order of features (sql/risk/features_now.sql): the columns of pbm_ops.risk_scores.

    A chance is null where there is nothing to miss: no supply known that could end. What is decided is 0 or 1.
    """
    rows = with_hours(features, pharmacies)
    cells = cells_of(rows)
    door = model.door.of(cells)
    chances = model.dock.of(cells).beyond_by_level(rows["slack_hours"].to_numpy()).T
    rows["p_miss_sla"] = miss_sla(rows, chances[:, -1])
    rows["p_miss_promise"] = miss_promise(model, rows, door)
    rows["runout_us"] = microseconds(rows["runout_at"])
    rows["p_runout"] = run_out(rows, door, pharmacies)
    eta = {}
    for name, share in (("eta_p50_at", 0.5), ("eta_p90_at", 0.9)):
        instants = instants_on_clock(rows, pharmacies, door.quantile(share), 1)
        eta[name] = pd.to_datetime(instants, unit="us", utc=True)
    named = dict(zip(("reason_1", "reason_2", "reason_3"), reasons(rows, chances).T, strict=True))
    columns = ["order_id", "as_of", *FORECASTS, "due_at", "promised_at", "stage", "pharmacy_id", "carrier"]
    return rows[columns].assign(**eta, **named, model_version=model.version).rename(columns={"as_of": "scored_at"})


def miss_sla(rows: pd.DataFrame, chance: np.ndarray) -> np.ndarray:
    """Return the chance that each order is still in the pharmacy at its due time; decided where that is past."""
    left = microseconds(rows["shipped_at"].fillna(rows["stage_entered_at"]))
    decided = np.where(rows["is_past_dock"], left > rows["due_us"], rows["as_of_us"] > rows["due_us"]).astype(float)
    is_decided = rows["is_past_dock"] | (rows["as_of_us"] > rows["due_us"])
    return np.where(is_decided, decided, chance)


def miss_promise(model: RiskModel, rows: pd.DataFrame, door: Cases) -> np.ndarray:
    """Return the chance that each order misses its promise, or the one that it will be given."""
    promise = rows["promise_hours"].to_numpy(float)
    rates = door.cells["kind"].map(model.promise_rates).fillna(model.promise_rates[-1]).to_numpy()
    known = door.beyond(np.nan_to_num(promise))
    is_past = rows["as_of_us"] > rows["promised_us"]
    return np.where(np.isnan(promise), rates, np.where(is_past, 1.0, known))


def run_out(rows: pd.DataFrame, door: Cases, pharmacies: pd.DataFrame) -> np.ndarray:
    """Return the chance that each order's patient has no drug left before it is at the door; NaN without a supply."""
    hours = on_clock(rows, pharmacies, "runout_us", 1)
    chance = door.beyond(np.nan_to_num(hours))
    return np.where(np.isnan(hours), np.nan, np.where(rows["runout_us"] < rows["as_of_us"], 1.0, chance))


def rule_chances(model: RiskModel, features: pd.DataFrame, pharmacies: pd.DataFrame, rule: str) -> np.ndarray:
    """Return each order's chance of missing its SLA by a rule of today; NaN where it is decided."""
    rows = with_hours(features, pharmacies)
    flags = model.rules.flags(
        rule,
        rows["stage_order"].to_numpy(),
        rows["age_hours"].to_numpy(),
        ((rows["due_us"] - rows["as_of_us"]) / HOUR).to_numpy(),
        (rows["age_hours"] > rows["stage_sla_hours"]).to_numpy(),
    )
    is_decided = rows["is_past_dock"] | (rows["as_of_us"] > rows["due_us"])
    return np.where(is_decided, np.nan, model.rules.chance(rule, flags))


def fall_back(scores: pd.DataFrame, rule_chance: np.ndarray, rule: str) -> pd.DataFrame:
    """Return the scores with a rule's chances of missing the SLA in place of a drifted model's."""
    chance = np.where(np.isnan(rule_chance), scores["p_miss_sla"], rule_chance)
    return scores.assign(p_miss_sla=chance, model_version=f"rule-{rule}")
