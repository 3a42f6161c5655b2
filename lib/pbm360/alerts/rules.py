"""The rules of the alerts: what they look at, when they open and close, whom they tell. Frames in, signals out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from pbm360.domain.rules import stages
from pbm360.figures.feeds import feed_rows


@dataclass(frozen=True)
class Rule:
    """A rule: an alert opens at `opens_at` and closes only below `closes_at`, so that it does not flutter between.

    A rule that `wakes` is told in quiet hours, too. Owners are teams [A].
    """

    name: str
    severity: str
    owner: str
    opens_at: float
    closes_at: float
    wakes: bool = False


@dataclass(frozen=True)
class Signal:
    """What a rule sees of a subject now: the level that it compares, and the words of the alert."""

    rule: str
    subject: str
    level: float
    message: str


RULES = {
    rule.name: rule
    for rule in (
        Rule("order_at_risk", "high", "operations", 0.60, 0.45),
        Rule("drug_runs_out", "critical", "patient care", 0.60, 0.40),
        Rule("stage_jams", "high", "operations", 2.0, 1.5),  # times the usual days of work
        Rule("carrier_collapses", "high", "shipping", 0.25, 0.12),  # share of promises missed in 24 hours
        Rule("source_silent", "critical", "integration", 1.0, 1.0, wakes=True),
    )
}
LEAST_ORDERS = {"stage": 30, "carrier": 20}  # that a level rests on
CARRIER_TIMES_USUAL = 3.0  # a carrier that is usually late is judged by its own past


def order_signals(scores: pd.DataFrame, now: datetime.datetime) -> Iterator[Signal]:
    """Yield what the order rules see of pbm_serving.order_risk: orders whose limit still lies ahead."""
    ahead = scores[scores["due_at"] > pd.Timestamp(now)]
    seen = ahead["p_miss_sla"] >= RULES["order_at_risk"].closes_at
    for row in ahead[seen].itertuples():
        yield Signal("order_at_risk", row.order_id, row.p_miss_sla, said(f"{row.p_miss_sla:.0%} to miss its SLA", row))
    endangered = scores[(scores["p_runout"] >= RULES["drug_runs_out"].closes_at) & (scores["p_runout"] < 1)]
    for row in endangered.itertuples():
        words = said(f"{row.p_runout:.0%} that the drug ends before the delivery", row)
        yield Signal("drug_runs_out", row.order_id, row.p_runout, words)


def said(words: str, row) -> str:
    """Add an order's reasons to what is said of it."""
    reasons = [reason for reason in (row.reason_1, row.reason_2, row.reason_3) if isinstance(reason, str)]
    return f"{words}: {'; '.join(reasons)}" if reasons else words


def health_signals(health: pd.DataFrame) -> Iterator[Signal]:
    """Yield what the rules see of stages and carriers (sql/alerts/health.sql)."""
    labels = {stage.stage: stage.label for stage in stages().values()}
    for row in health.itertuples():
        if row.case_count < LEAST_ORDERS[row.kind] or pd.isna(row.usual):
            continue
        if row.kind == "stage" and row.usual > 0:
            times = row.level / row.usual
            name = labels.get(row.name, row.name)
            words = (
                f"{name} holds {row.level:.1f} days of work, usually {row.usual:.1f}: {row.case_count:,} orders wait"
            )
            yield Signal("stage_jams", row.name, times, words)
        if row.kind == "carrier" and row.level >= CARRIER_TIMES_USUAL * row.usual:
            words = (
                f"{row.name} missed {row.level:.0%} of {row.case_count:,} promises of 24 hours, usually {row.usual:.0%}"
            )
            yield Signal("carrier_collapses", row.name, row.level, words)


def source_signals(feeds: pd.DataFrame) -> Iterator[Signal]:
    """Yield the sources that are silent at an hour in which they usually send (sql/dashboards/feeds.sql).

    One that has not been heard in four weeks, or never, has no such hour: the page says so, and nobody is woken.
    """
    for row in feed_rows(feeds):
        if row["state"] == "silent" and row["usual_count_hour"] is not None:
            heard = f"{row['event_count_hour']} events in the last hour"
            words = f"{row['source']}: {heard}, usually {row['usual_count_hour']:.0f}"
            yield Signal("source_silent", row["source"], 1.0, words)


def standing(signals: Iterable[Signal]) -> dict[tuple[str, str], Signal]:
    """Return the signals that are at least at their rule's closing level, by rule and subject."""
    return {(signal.rule, signal.subject): signal for signal in signals if signal.level >= RULES[signal.rule].closes_at}
