"""Refresh the forecasts of the open orders: read what is known now, score it, fall back where the model has drifted."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pbm360.risk.drift import has_drifted
from pbm360.risk.model import RiskModel
from pbm360.risk.scoring import fall_back, rule_chances, score
from pbm360.risk.store import load_model, record_forecasts, save_scores
from pbm360.risk.training import read_pharmacies
from pbm360.warehouse import Warehouse

FALLBACK = "average"  # the better of the two rules


class NoModel(RuntimeError):
    """No forecast was trained yet; the text says how to."""


@dataclass(frozen=True)
class Refresh:
    """What one refresh did; `score_seconds` is the scoring alone, without the warehouse."""

    order_count: int
    recorded_count: int
    model_version: str
    is_drifted: bool
    score_seconds: float


def current_model(warehouse: Warehouse) -> RiskModel:
    """Return the model that was trained last. Raises `NoModel`."""
    model = load_model(warehouse)
    if model is None:
        raise NoModel("no forecast is trained yet; run `pbm360 risk train` on a past of two months or more")
    return model


def read_features_now(warehouse: Warehouse, now: datetime.datetime) -> pd.DataFrame:
    """Read what is known of the open orders now (sql/risk/features_now.sql)."""
    return warehouse.run("risk/features_now.sql", {"now": now}).to_pandas()


def refresh(warehouse: Warehouse, now: datetime.datetime, model: RiskModel | None = None) -> Refresh:
    """Score the open orders as of now into pbm_ops.risk_scores, and keep the day's first forecasts."""
    model = model or current_model(warehouse)
    is_drifted = has_drifted(warehouse, model.version)
    features, pharmacies = read_features_now(warehouse, now), read_pharmacies(warehouse)
    started = time.monotonic()
    scores = score(model, features, pharmacies)
    seconds = time.monotonic() - started
    rule = rule_chances(model, features, pharmacies, FALLBACK)
    undecided = np.isfinite(rule)
    forecasts = scores.loc[undecided, ["order_id", "due_at", "p_miss_sla", "model_version"]]
    forecasts = forecasts.rename(columns={"p_miss_sla": "p_forecast"}).assign(p_rule=rule[undecided])
    if is_drifted:
        scores = fall_back(scores, rule, FALLBACK)
    save_scores(warehouse, scores)
    recorded = record_forecasts(warehouse, forecasts, now)
    version = scores["model_version"].iloc[0] if len(scores) else model.version
    return Refresh(len(scores), recorded, version, is_drifted, seconds)
