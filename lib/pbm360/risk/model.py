"""The forecast: what it learns from, what it says of an order, and what it is called."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pbm360.risk.cells import DOCK_LEVELS, DOOR_LEVELS, cells_of, on_clock, with_hours
from pbm360.risk.clocks import HOUR, microseconds
from pbm360.risk.rules import RuleBook, learn_rules
from pbm360.risk.survival import NEVER, PULL, Survival, fit

SAMPLE_CELLS = tuple(dict.fromkeys(name for level in (*DOCK_LEVELS, *DOOR_LEVELS) for name in level))
RULE_COLUMNS = ("age_hours", "slack_clock_hours", "is_over_sla", "stage_to_dock_hours", "is_missed")
SAMPLE_COLUMNS = (*SAMPLE_CELLS, "dock_hours", "door_hours", "is_promise_missed", *RULE_COLUMNS)


@dataclass(frozen=True)
class RiskModel:
    """Two survivals (hours until an order leaves the pharmacy, hours until it is at the door) and a rate.

    `promise_rates` holds by kind's code the share of orders that missed the promise that they were given.
    """

    version: str
    trained_until: datetime.datetime
    samples: pd.DataFrame  # SAMPLE_COLUMNS, what it has learnt from: all that it is
    dock: Survival
    door: Survival
    promise_rates: dict[int, float]
    rules: RuleBook


def training_samples(features: pd.DataFrame, outcomes: pd.DataFrame, pharmacies: pd.DataFrame) -> pd.DataFrame:
    """Join features at past instants with what became of the orders; returns SAMPLE_COLUMNS.

    dock_hours: opening hours until the order left the pharmacy, shipped or cancelled; door_hours: hours of rounds until
    it was delivered, null where it was cancelled or no scan told of its end. `NEVER` where it had not happened by the
    end of training.
    """
    rows = with_hours(features, pharmacies)
    ends = outcomes.set_index("order_id").reindex(rows["order_id"]).reset_index(drop=True)
    rows["left_us"], rows["delivered_us"] = microseconds(ends["left_at"]), microseconds(ends["delivered_at"])
    cells = cells_of(rows)[list(SAMPLE_CELLS)]
    dock = on_clock(rows, pharmacies, "left_us", 0)
    door = on_clock(rows, pharmacies, "delivered_us", 1)
    is_delivered, is_failed = ends["delivered_at"].notna(), ends["failed_at"].notna()
    is_told = is_delivered | is_failed | ends["left_at"].isna()  # else it left, and no scan told of its end
    has_door = is_told & (is_delivered | ends["cancelled_at"].isna())
    promised = microseconds(ends["promised_at"])
    missed = np.where(np.isnan(promised) | ~has_door, np.nan, ~(rows["delivered_us"].to_numpy() <= promised))
    return cells.assign(
        dock_hours=np.where(rows["is_past_dock"], np.nan, np.where(np.isnan(dock), NEVER, np.maximum(dock, 0))),
        door_hours=np.where(~has_door, np.nan, np.where(np.isnan(door), NEVER, np.maximum(door, 0))),
        is_promise_missed=missed,
        **_for_rules(rows),
    )


def _for_rules(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return what the rules learn from, in hours of the clock; `is_missed` is null of what is past dock or due."""
    before = ~rows["is_past_dock"] & (rows["due_us"] > rows["as_of_us"])
    left = rows["left_us"].to_numpy(float)
    return {
        "age_hours": rows["age_hours"].to_numpy(),
        "slack_clock_hours": ((rows["due_us"] - rows["as_of_us"]) / HOUR).to_numpy(),
        "is_over_sla": (rows["age_hours"] > rows["stage_sla_hours"]).to_numpy(float),
        "stage_to_dock_hours": np.where(before, (left - rows["as_of_us"]) / HOUR + rows["age_hours"], np.nan),
        "is_missed": np.where(before, ~(left <= rows["due_us"]), np.nan),
    }


def learn(samples: pd.DataFrame, trained_until: datetime.datetime, version: str = "") -> RiskModel:
    """Fit the forecast to samples (SAMPLE_COLUMNS). Without a version it is named by what it has learnt from."""
    dock, door = samples["dock_hours"].notna(), samples["door_hours"].notna()
    return RiskModel(
        version=version or f"survival-{trained_until:%Y%m%d}-{_digest(samples)}",
        trained_until=trained_until,
        samples=samples,
        dock=fit(samples[dock], samples.loc[dock, "dock_hours"].to_numpy(), DOCK_LEVELS),
        door=fit(samples[door], samples.loc[door, "door_hours"].to_numpy(), DOOR_LEVELS),
        promise_rates=_promise_rates(samples),
        rules=learn_rules(samples),
    )


def _digest(samples: pd.DataFrame) -> str:
    hashes = pd.util.hash_pandas_object(samples, index=False).to_numpy()
    return hashlib.sha256(np.sort(hashes).tobytes()).hexdigest()[:8]


def _promise_rates(samples: pd.DataFrame) -> dict[int, float]:
    """Return the share of missed promises by kind's code, drawn toward the share of all; -1 is all of them."""
    known = samples[samples["is_promise_missed"].notna()]
    overall = float(known["is_promise_missed"].mean()) if len(known) else 0.0
    groups = known.groupby("kind")["is_promise_missed"].agg(["sum", "size"])
    rates = (groups["sum"] + PULL * overall) / (groups["size"] + PULL)
    return {-1: overall} | {int(kind): float(rate) for kind, rate in rates.items()}
