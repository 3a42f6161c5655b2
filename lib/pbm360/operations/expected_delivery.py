"""Say when open orders will be at the door, by how long it took the deliveries of the last weeks from the same stage.

An order that has been in its stage for `age` hours is compared with the visits that lasted longer in all: of these the
remaining time's median and 90th percentile, less the age, are its own (the empirical conditional distribution).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

LEAST_VISITS = 30  # fewer deliveries than these say nothing of a stage
SOON_DAYS = 3.0  # of drug left at the expected delivery: DOMAIN's amber
STATES = ("late", "likely_late", "at_risk", "on_course")
FORECAST_LASTS = datetime.timedelta(hours=1)  # an older forecast is held against nothing, and says that it is old


def with_expectations(orders: pd.DataFrame, background, as_of: datetime.datetime) -> pd.DataFrame:
    """Add to open orders (sql/dashboards/orders.sql) what is expected of them.

    Columns: eta_p50_at, eta_p90_at (UTC; null where nothing is known), delivery_state (one of `STATES`; null without
    promise or expectation), runout_at (when the patient's drug ends), slack_days (runout minus eta_p90, days) and
    gap (`red` below 0, `amber` below 3 days, else `none`; null where unknown).
    """
    now = pd.Timestamp(as_of).tz_convert("UTC")
    remaining = {} if background is None else remaining_by_stage(background.remaining)
    half, most = expected_hours(orders, remaining, (0.5, 0.9))
    found = orders.assign(eta_p50_at=_after(now, half), eta_p90_at=_after(now, most))
    found = with_forecast(found, None if background is None else background.risk, now)
    found["delivery_state"] = _delivery_state(found, now)
    supplies = None if background is None else background.supplies.set_index("order_id")["runout_at"]
    runout = found["order_id"].map(supplies) if supplies is not None and len(supplies) else None
    found["runout_at"] = pd.to_datetime(runout if runout is not None else pd.Series(pd.NaT, found.index), utc=True)
    found["slack_days"] = (found["runout_at"] - found["eta_p90_at"]) / pd.Timedelta(days=1)
    found["gap"] = np.select(
        [found["slack_days"] < 0, found["slack_days"] < SOON_DAYS, found["slack_days"].notna()],
        ["red", "amber", "none"],
        default=None,
    )
    return found


def with_forecast(orders: pd.DataFrame, risk: pd.DataFrame | None, now: pd.Timestamp) -> pd.DataFrame:
    """Take the forecast's expected delivery (sql/dashboards/risk.sql) where it has one that still holds: it knows more.

    A score that is older than `FORECAST_LASTS`, or whose delivery was expected before `now` (UTC) and has not come,
    holds no more; what the history expects then stands.
    """
    if risk is None or risk.empty:
        return orders
    is_recent = risk["scored_at"] >= now - FORECAST_LASTS
    forecast = risk[is_recent & ~(risk["eta_p50_at"] < now) & ~(risk["eta_p90_at"] < now)].set_index("order_id")
    better = {
        name: pd.to_datetime(orders["order_id"].map(forecast[name]), utc=True).fillna(orders[name])
        for name in ("eta_p50_at", "eta_p90_at")
    }
    return orders.assign(**better)


def remaining_by_stage(remaining: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return each stage's remaining hours by slice, ascending; stages with too few visits are left out."""
    counts = remaining.groupby("stage")["visit_count"].sum()
    known = remaining[remaining["stage"].isin(counts.index[counts >= LEAST_VISITS])]
    return {stage: np.sort(part["remaining_hours"].to_numpy(float)) for stage, part in known.groupby("stage")}


def expected_hours(
    orders: pd.DataFrame, remaining: Mapping[str, np.ndarray], shares: Sequence[float]
) -> list[pd.Series]:
    """Return for each share the open orders' hours to the door that this share of like deliveries did not exceed.

    NaN: unknown, as of stages without history and of orders that are older than any delivery was.
    """
    hours = [np.full(len(orders), np.nan) for _ in shares]
    stages, ages = orders["stage"].to_numpy(object), orders["age_hours"].to_numpy(float)
    is_open = (orders["status"] == "open").to_numpy(bool) & ~np.isnan(ages)
    for stage, times in remaining.items():
        places = np.flatnonzero(is_open & (stages == stage))
        waited = ages[places].clip(0)
        shorter = np.searchsorted(times, waited, side="right")
        left = len(times) - shorter
        for found, share in zip(hours, shares, strict=True):
            place = np.minimum(shorter + np.ceil(share * left).astype(int) - 1, len(times) - 1)
            found[places] = np.where(left > 0, times[place] - waited, np.nan)
    return [pd.Series(found, orders.index) for found in hours]


def _after(now: pd.Timestamp, hours: pd.Series) -> pd.Series:
    known = hours.notna()  # pandas warns of an overflow where it casts a missing number
    return (now + pd.to_timedelta(hours.where(known, 0.0), unit="h")).where(known)


def _delivery_state(orders: pd.DataFrame, now: pd.Timestamp) -> np.ndarray:
    promised, is_open = orders["promised_at"], orders["status"] == "open"
    known = is_open & promised.notna() & orders["eta_p90_at"].notna()
    return np.select(
        [
            is_open & (promised < now),
            known & (orders["eta_p50_at"] > promised),
            known & (orders["eta_p90_at"] > promised),
            known,
        ],
        STATES,
        default=None,
    )
