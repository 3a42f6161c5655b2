"""Keep forecasts in the warehouse: what a model learnt from, the newest scores, what was said day by day."""

from __future__ import annotations

import datetime

import pandas as pd
import pyarrow as pa

from pbm360.risk.model import SAMPLE_COLUMNS, RiskModel, learn
from pbm360.warehouse import Warehouse


def save_model(warehouse: Warehouse, model: RiskModel) -> None:
    """Keep a model's samples; older models are forgotten."""
    rows = model.samples.assign(model_version=model.version, trained_until=pd.Timestamp(model.trained_until))
    _load(warehouse, "ops.risk_samples", rows)
    warehouse.run("risk/forget_models.sql", {"model_version": model.version})


def load_model(warehouse: Warehouse) -> RiskModel | None:
    """Return the model that was trained last, fitted anew from its samples; None where none was trained yet."""
    rows = warehouse.run("risk/newest_samples.sql").to_pandas()
    if not len(rows):
        return None
    return learn(
        rows[list(SAMPLE_COLUMNS)], rows["trained_until"].iloc[0].to_pydatetime(), rows["model_version"].iloc[0]
    )


def save_scores(warehouse: Warehouse, scores: pd.DataFrame) -> None:
    """Replace the newest scores by these."""
    _load(warehouse, "ops.risk_scores", scores, replace=True)


def record_forecasts(warehouse: Warehouse, forecasts: pd.DataFrame, now: datetime.datetime) -> int:
    """Keep the day's first forecasts (order_id, due_at, p_forecast, p_rule, model_version); returns how many."""
    today = now.date()
    if not len(forecasts) or warehouse.run("risk/recorded_dates.sql", {"first_date": today}).num_rows:
        return 0
    _load(warehouse, "ops.risk_forecasts", forecasts.assign(forecast_date=today, forecast_at=pd.Timestamp(now)))
    return len(forecasts)


def _load(warehouse: Warehouse, table: str, rows: pd.DataFrame, *, replace: bool = False) -> None:
    schema = warehouse.arrow_schema(table)
    table_rows = pa.table(
        [pa.Array.from_pandas(rows[field.name], type=field.type, safe=False) for field in schema], schema=schema
    )
    warehouse.load_arrow(table, table_rows, replace=replace)
