"""Say why an order is at risk, in the words of those who run the operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

import numpy as np
import pandas as pd

from pbm360.domain.rules import stages
from pbm360.risk.clocks import HOUR

MOST = 3
LEAST_WEIGHT = 0.02  # of a chance: what adds less is no reason
LIKELY = 0.3  # from here on a chance has a reason, if only the time that is left
DECIDED, REPORTED = 2.0, 1.5  # weights of what is a fact: a limit that is passed, what the carrier reports
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PATH_WORDS = {"begun": "", "asked": "", "decided": ", authorization decided", "cleared": ", insurance cleared"}
LABELS = {stage.stage: stage.label for stage in stages().values()}
REPORTS = {
    "EXCEPTION": "Carrier reports an exception, {age} ago",
    "ATTEMPT_FAILED": "Delivery attempt failed, {age} ago",
    "PA_DENIED": "Prior authorization denied, {age} ago",
    "APPEAL": "Appeal is open for {age}",
}
WORDS_OF_LEVELS = (  # what each level of the forecast (cells.DOCK_LEVELS) adds
    "{slack_hours} opening hours left of its SLA, still in {label}",
    "In {label} for {age}{path}",
    "{ahead_count} ahead of it in {label} at {pharmacy_id}",
    "{priority} order, {age} in {label}",
    "{weekday} {local_hour} h at {pharmacy_id}: little is worked before it is due",
)


@dataclass(frozen=True)
class Factor:
    """One thing that can be a reason: its weight in each row, and its words with `{names}` of `VALUES`."""

    weights: np.ndarray
    words: str


def reasons(rows: pd.DataFrame, chances: np.ndarray) -> np.ndarray:
    """Return the reasons of each row, the weightiest first: an array (rows, 3), None where there are no more.

    `rows` are those of `scoring.score`. `chances` are of missing the SLA, an array (rows, levels) by the forecast's
    levels: a reason's weight is what its level adds to the chance.
    """
    factors = [*_facts(rows), *_additions(rows, chances)]
    ranked = np.argsort(-np.array([factor.weights for factor in factors]), axis=0, kind="stable")[:MOST]
    found = np.full((len(rows), MOST), None, object)
    for number, factor in enumerate(factors):
        rank, place = np.nonzero((ranked == number) & (factor.weights >= LEAST_WEIGHT))
        if len(place):
            found[place, rank] = np.array(say(factor.words, Columns(rows, place)), object)
    return found


def say(words: str, columns: Mapping[str, np.ndarray]) -> list[str]:
    """Fill words with what they name of each row."""
    names = [name for _, name, _, _ in Formatter().parse(words) if name]
    filled = words.format_map(dict.fromkeys(names, "%s"))
    return [filled % values for values in zip(*(VALUES[name](columns) for name in names), strict=True)]


class Columns(Mapping):
    """Some rows of a table by column; only a column that is asked for is taken."""

    def __init__(self, rows: pd.DataFrame, place: np.ndarray):
        self._rows, self._place = rows, place

    def __getitem__(self, name: str) -> np.ndarray:
        return self._rows[name].to_numpy()[self._place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows.columns)


def duration(hours: float) -> str:
    """Write a duration as people say it: `5 h`, `3.5 days`."""
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _facts(rows: pd.DataFrame) -> list[Factor]:
    """What is known of the order itself: limits passed, what the carrier reports, a supply that ends."""
    is_past_dock = rows["is_past_dock"].to_numpy()
    is_over = ~is_past_dock & (rows["as_of_us"] > rows["due_us"]).to_numpy()
    is_late = (rows["as_of_us"] > rows["promised_us"]).to_numpy()
    may_be_late = np.where(is_past_dock & ~is_late, rows["p_miss_promise"].fillna(0), 0)
    has_run_out = (rows["runout_us"] < rows["as_of_us"]).to_numpy()
    chance = rows["p_runout"].fillna(0).to_numpy()
    return [
        Factor(is_over * DECIDED, "SLA passed {over_due} ago"),
        Factor(is_late * DECIDED, "Promise passed {over_promise} ago"),
        *(Factor((rows["stage"] == name).to_numpy() * REPORTED, words) for name, words in REPORTS.items()),
        Factor(has_run_out * chance, "Patient has been without drug for {without}"),
        Factor(~has_run_out * chance, "Patient's drug lasts {supply} more"),
        Factor(may_be_late, "Promised in {promise_hours} hours of rounds, still {state}"),
    ]


def _additions(rows: pd.DataFrame, chances: np.ndarray) -> list[Factor]:
    is_open = (~rows["is_past_dock"] & (rows["as_of_us"] <= rows["due_us"])).to_numpy()
    added = np.diff(chances, axis=1).T * is_open
    added[2] *= (rows["ahead_count"] > 0).to_numpy()  # an empty queue is no reason
    is_likely = is_open & (chances[:, -1] >= LIKELY)
    added[0] = np.where(is_likely, np.maximum(added[0], LEAST_WEIGHT), added[0])
    return [Factor(weights, words) for weights, words in zip(added, WORDS_OF_LEVELS, strict=True)]


def _mapped(column: str, names: Callable) -> Callable[[Mapping], Sequence[str]]:
    return lambda columns: [names(value) for value in columns[column].tolist()]


def _between(earlier: str, later: str) -> Callable[[Mapping], Sequence[str]]:
    return lambda columns: [duration(hours) for hours in ((columns[later] - columns[earlier]) / HOUR).tolist()]


VALUES: dict[str, Callable[[Mapping], Sequence]] = {
    "label": _mapped("stage", lambda stage: LABELS.get(stage, stage)),
    "state": _mapped("stage", lambda stage: LABELS.get(stage, stage).lower()),
    "path": _mapped("path", PATH_WORDS.__getitem__),
    "age": _mapped("age_hours", duration),
    "slack_hours": _mapped("slack_hours", "{:.0f}".format),
    "promise_hours": _mapped("promise_hours", "{:.0f}".format),
    "ahead_count": _mapped("ahead_count", "{:,}".format),
    "pharmacy_id": _mapped("pharmacy_id", str),
    "priority": _mapped("priority", str.capitalize),
    "weekday": _mapped("local_weekday", WEEKDAYS.__getitem__),
    "local_hour": _mapped("local_hour", lambda hour: f"{int(hour):02}"),
    "over_due": _between("due_us", "as_of_us"),
    "over_promise": _between("promised_us", "as_of_us"),
    "supply": _between("as_of_us", "runout_us"),
    "without": _between("runout_us", "as_of_us"),
}
