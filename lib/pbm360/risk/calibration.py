"""Measure a forecast: how near, how honest, how early."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

BINS = 10


def brier(chances: np.ndarray, came: np.ndarray) -> float:
    """Return the mean squared difference between chances and what came (0 or 1)."""
    return float(np.mean((np.asarray(chances, float) - came) ** 2))


def calibration_curve(chances: np.ndarray, came: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Return one row per bin of chances that holds any: mean_chance, observed_share, order_count."""
    place = np.minimum((np.asarray(chances, float) * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"bin": place, "mean_chance": chances, "observed_share": came, "order_count": 1})
    parts = {"mean_chance": "mean", "observed_share": "mean", "order_count": "sum"}
    return frame.groupby("bin").agg(parts).reset_index(drop=True)


def calibration_error(chances: np.ndarray, came: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error: the mean distance of chance and observed share, weighted by orders."""
    curve = calibration_curve(chances, came, bins)
    distances = (curve["mean_chance"] - curve["observed_share"]).abs()
    return float((distances * curve["order_count"]).sum() / curve["order_count"].sum())


def precision_at(chances: np.ndarray, came: np.ndarray, share: float) -> float:
    """Return how many of the most endangered share of orders came to it; of equal chances all count in part."""
    count = max(1, round(len(came) * share))
    order = np.argsort(-np.asarray(chances, float), kind="stable")
    return float(np.mean(np.asarray(came, float)[order[:count]]))


@dataclass(frozen=True)
class EarlyWarning:
    """What flags were worth, counted in orders.

    `recall`: of the orders that missed, the share flagged so many hours ahead; `precision`: of those flagged so early,
    the share that missed; `median_hours`: from the first flag to the due time, of the missed ones that were flagged.
    """

    recall: float
    precision: float
    median_hours: float
    flagged_count: int
    missed_count: int


def warning(rows: pd.DataFrame, flagged: np.ndarray, ahead_hours: float) -> EarlyWarning:
    """Judge flags by order. `rows`: order_id, came (0 or 1, of the order), ahead_hours (from the instant to due).

    Rows past the due time don't count as a warning.
    """
    missed = rows.groupby("order_id")["came"].max()
    early = rows[np.asarray(flagged, bool) & (rows["ahead_hours"] >= ahead_hours)]
    first = early.groupby("order_id")["ahead_hours"].max()
    right = missed.reindex(first.index) > 0
    return EarlyWarning(
        recall=float(right.sum() / max(missed.sum(), 1)),
        precision=float(right.mean()) if len(first) else float("nan"),
        median_hours=float(first[right].median()) if right.any() else float("nan"),
        flagged_count=len(first),
        missed_count=int(missed.sum()),
    )


def threshold_for(rows: pd.DataFrame, chances: np.ndarray, ahead_hours: float, precision: float) -> float:
    """Return the least threshold whose early flags reach a precision; 1 where none does. Rows as in `warning`."""
    for threshold in np.arange(0.2, 0.96, 0.02):
        if warning(rows, chances >= threshold, ahead_hours).precision >= precision:
            return float(threshold)
    return 1.0


def better_by(
    rows: pd.DataFrame, chances: np.ndarray, others: np.ndarray, draws: int = 400, seed: int = 360
) -> tuple[float, float, float]:
    """Return by how much the Brier score of `chances` is below that of `others`, with the 95 % interval.

    The interval is by bootstrap over orders: an order's instants stay together. `rows`: order_id, came.
    """
    came = rows["came"].to_numpy(float)
    gains = (np.asarray(others, float) - came) ** 2 - (np.asarray(chances, float) - came) ** 2
    grouped = pd.DataFrame({"order_id": rows["order_id"].to_numpy(), "gain": gains}).groupby("order_id")["gain"]
    sums, counts = grouped.sum().to_numpy(), grouped.size().to_numpy()
    picks = np.random.default_rng(seed).integers(0, len(sums), (draws, len(sums)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(gains.mean()), float(low), float(high)
