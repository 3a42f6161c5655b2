"""The two rules that people use today, which a forecast has to beat: age over SLA, and the stage's average.

As used they say late or not late. Here each also says how often it was right before: the share of missed SLAs among
the past orders that it flagged, and among those that it did not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

RULES = ("age", "average")
UNKNOWN = "rule without history"


@dataclass(frozen=True)
class RuleBook:
    """What the rules need of the past: mean hours from entering a stage to leaving the pharmacy, and their hit rates.

    `rates` holds by rule the share of missed SLAs where it is silent and where it flags.
    """

    mean_hours: dict[int, float]
    overall_hours: float
    rates: dict[str, tuple[float, float]]

    def flags(self, rule: str, stages: np.ndarray, ages: np.ndarray, slack: np.ndarray, is_over: np.ndarray):
        """Return which orders a rule flags; ages and slack (time until due) in hours of the clock."""
        if rule == "age":
            return is_over
        means = pd.Series(stages).map(self.mean_hours).fillna(self.overall_hours).to_numpy()
        return np.maximum(means - ages, 0) > slack

    def chance(self, rule: str, flagged: np.ndarray) -> np.ndarray:
        """Return how often orders that a rule flagged, or did not, missed their SLA."""
        silent, flagging = self.rates[rule]
        return np.where(flagged, flagging, silent)


def learn_rules(samples: pd.DataFrame) -> RuleBook:
    """Learn the rules' parameters from samples (`model.SAMPLE_COLUMNS`) of orders that are not past the dock."""
    before = samples[samples["is_missed"].notna()]
    missed = before["is_missed"].to_numpy(float)
    overall = float(missed.mean()) if len(before) else 0.0
    told = before[before["stage_to_dock_hours"].notna()]
    means = told.groupby("stage")["stage_to_dock_hours"].mean()
    book = RuleBook(
        {int(stage): float(hours) for stage, hours in means.items()},
        float(told["stage_to_dock_hours"].mean()) if len(told) else 0.0,
        {},
    )
    columns = [before[name].to_numpy() for name in ("stage", "age_hours", "slack_clock_hours", "is_over_sla")]
    for rule in RULES:
        flagged = book.flags(rule, *columns).astype(bool)
        rates = [float(missed[part].mean()) if part.any() else overall for part in (~flagged, flagged)]
        book.rates[rule] = (rates[0], rates[1])
    return book
