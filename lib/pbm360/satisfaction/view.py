"""Render the Patient Satisfaction page of the reports: numbers, figures and tables as one JSON document."""

from __future__ import annotations

import datetime
from dataclasses import asdict

import pandas as pd

from pbm360.figures.contacts import reason_bars, warning_trend
from pbm360.figures.satisfaction import cost_bars, csat_trend, nps_trend, outcome_bars
from pbm360.figures.style import carrier_name, duration_text
from pbm360.figures.tiles import Tile
from pbm360.operations.view import row_list
from pbm360.satisfaction.reading import Mark, Reports
from pbm360.satisfaction.scores import WINDOW_WEEKS, cohorts, compared, goodwill_cost, newest_weeks, scored

LISTS = (("pharmacy", "By pharmacy"), ("carrier", "By carrier"), ("outcome", "By outcome"))
NOTHING = "No order has been delivered yet"


def satisfaction_view(reports: Reports, as_of: datetime.datetime) -> dict:
    """Return the page: as_of, chips, tiles, figures (plotly's JSON) and tables.

    `as_of` (UTC) is when the reports were last known to be the newest.
    """
    weeks = reports.satisfaction_weeks
    everybody, outcomes = _everybody(weeks), cohorts(weeks, "outcome")
    by_week = scored(newest_weeks(weeks[weeks["cohort_kind"] == "all"])).sort_values("week_date", ignore_index=True)
    contacts, warnings = newest_weeks(reports.contact_weeks), newest_weeks(reports.warning_weeks)
    figures = {
        "nps": nps_trend(by_week),
        "csat": csat_trend(by_week),
        "outcomes": outcome_bars(outcomes),
        "costs": cost_bars(goodwill_cost(outcomes)),
        "reasons": reason_bars(contacts),
        "warnings": warning_trend(warnings),
    }
    return {
        "as_of": as_of.isoformat(),
        "chips": mark_chips(reports.mark, as_of),
        "tiles": [
            asdict(tile) | {"trend": list(tile.trend)} for tile in _tiles(everybody, outcomes, contacts, warnings)
        ],
        "figures": {key: figure.to_json() for key, figure in figures.items()},
        "tables": {"cohorts": [_cohort_list(weeks, kind, label, everybody) for kind, label in LISTS]},
    }


def still_so(view: dict, mark: Mark, as_of: datetime.datetime) -> dict:
    """Return the page of unchanged reports as of a later moment, by which their batch may have become old."""
    return view | {"as_of": as_of.isoformat(), "chips": mark_chips(mark, as_of)}


def mark_chips(mark: Mark, as_of: datetime.datetime) -> list[dict]:
    """Return what the head says of the batch that the reports stand on, and of what they leave out."""
    rule = {"key": "rule", "state": "good", "text": "1 to 10 patients: not shown", "detail": "Cells that would give "
            "such a one away by subtraction are left out, too"}  # fmt: skip
    if mark.batch_date is None:
        batch = {"state": "quiet", "text": "Batch: no day yet", "detail": "Build one: pbm360 build"}
    else:
        state = "good" if (as_of.date() - mark.batch_date).days <= 1 else "quiet"
        published = "" if mark.published_at is None else f"published {mark.published_at:%Y-%m-%d %H:%M:%S} UTC"
        batch = {"state": state, "text": f"Batch through {mark.batch_date:%d %b}", "detail": published}
    return [{"key": "batch", **batch}, rule]


def _everybody(weeks: pd.DataFrame) -> pd.Series:
    """Return the scores of all orders over the window; all null where nothing is shown."""
    found = cohorts(weeks, "all")
    return found.iloc[0] if len(found) else pd.Series(dtype=object, index=[*found.columns])


def _tiles(everybody: pd.Series, outcomes: pd.DataFrame, contacts: pd.DataFrame, warnings: pd.DataFrame) -> list[Tile]:
    quarter = f"{WINDOW_WEEKS} weeks"
    surveys, ratings, delivered = (
        _count(everybody.get(name)) for name in ("survey_count", "csat_count", "delivered_count")
    )
    return [
        _score(
            "nps", f"NPS, {quarter}", everybody.get("nps"), "{:+.0f}", "± {:.0f} points", everybody.get("nps_margin")
        ),
        _late_tile(outcomes),
        _score("csat", f"Satisfied, {quarter}", everybody.get("csat_share"), "{:.1%}", "n = {:,} ratings", ratings),
        _score("surveys", "Surveys", surveys, "{:,}", "of {:,} deliveries", delivered),
        _score("response", "Response rate", everybody.get("response_rate"), "{:.1%}", "of {:,} deliveries", delivered),
        _contact_tile("call", "Calls", contacts, delivered),
        _contact_tile("complaint", "Complaints", contacts, delivered),
        *_warning_tiles(warnings),
    ]


def _late_tile(outcomes: pd.DataFrame) -> Tile:
    late = outcomes[outcomes["cohort"] == "late"]
    score, surveys = (late[name].iloc[0] if len(late) else None for name in ("nps", "survey_count"))
    return _score("nps_late", "NPS where late", score, "{:+.0f}", "n = {:,.0f} surveys", surveys)


def _count(value) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def _score(key: str, label: str, value, text: str, detail: str, beside) -> Tile:
    if value is None or pd.isna(value):
        return Tile(key, label, None, "–", "too few answers to show")
    said = detail.format(beside) if beside is not None and not pd.isna(beside) else ""
    return Tile(key, label, round(float(value), 4), text.format(value), said)


def _contact_tile(kind: str, label: str, contacts: pd.DataFrame, delivered: int | None) -> Tile:
    shown = contacts[(contacts["contact_kind"] == kind) & ~contacts["is_suppressed"].astype(bool)]
    if shown.empty:
        return Tile(kind, label, None, "–", "too few to show")
    count = int(shown["contact_count"].sum())
    rate = f"{1000 * count / delivered:,.0f} per 1,000 deliveries" if delivered else "in the weeks shown"
    return Tile(kind, label, count, f"{count:,}", rate)


def _warning_tiles(warnings: pd.DataFrame) -> list[Tile]:
    shown = warnings[~warnings["is_suppressed"].astype(bool) & warnings["median_lead_hours"].notna()]
    if shown.empty:
        return [Tile("lead", "Sign before the call", None, "–", "too few calls to show")]
    hours, warned, called = shown["median_lead_hours"].median(), shown["warned_count"].sum(), shown["call_count"].sum()
    said = f"before {warned / called:.0%} of first calls"
    return [Tile("lead", "Sign before the call", round(float(hours), 2), duration_text(hours), said)]


def _cohort_list(weeks: pd.DataFrame, kind: str, label: str, everybody: pd.Series) -> dict:
    found = cohorts(weeks, kind)
    judged = compared(found, everybody) if len(found) else found
    rows = [
        {
            "cohort": carrier_name(row.cohort) if kind == "carrier" else row.cohort,
            "verdict": row.verdict,
            "nps": _rounded(row.nps, 0),
            "nps_margin": _rounded(row.nps_margin, 0),
            "csat_percent": _rounded(100 * row.csat_share, 1),
            "survey_count": _rounded(row.survey_count, 0),
            "response_percent": _rounded(100 * row.response_rate, 1),
            "hidden_weeks": row.hidden_weeks,
        }
        for row in judged.itertuples()
    ]
    said = f"the last {WINDOW_WEEKS} weeks; better or worse only where it is more than chance (95 %)"
    return row_list(kind, label, said, rows, NOTHING)


def _rounded(value, digits: int) -> float | None:
    return None if pd.isna(value) else round(float(value), digits)
