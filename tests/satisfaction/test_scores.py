"""Scores of surveys, worked out by hand."""

import datetime

import pandas as pd
import pytest

from pbm360.satisfaction.scores import cohorts, compared, goodwill_cost, newest_weeks, scored

MONDAY = datetime.date(2026, 11, 2)
NAMES = ["delivered_count", "survey_count", "promoter_count", "detractor_count", "csat_count", "satisfied_count"]
NOTHING = (None,) * 6


def week(number: int, kind: str, cohort: str, counts: tuple) -> dict:
    row = dict(zip(NAMES, counts, strict=True))
    place = {"week_date": MONDAY + datetime.timedelta(weeks=number), "is_whole_week": True}
    return place | {"cohort_kind": kind, "cohort": cohort, "is_suppressed": counts is NOTHING} | row


WEEKS = pd.DataFrame(
    [
        week(0, "all", "all orders", (200, 50, 40, 5, 50, 45)),
        week(0, "outcome", "as promised", (150, 40, 36, 2, 40, 38)),
        week(0, "outcome", "late", (50, 20, 6, 8, 20, 8)),
        week(1, "outcome", "as promised", (160, 40, 32, 2, 40, 36)),
        week(1, "outcome", "late", NOTHING),
        week(1, "outcome", "damaged or incomplete", NOTHING),
    ]
)


def test_a_score_is_promoters_minus_detractors_with_its_margin():
    found = scored(WEEKS.head(1)).iloc[0]
    assert found["nps"] == pytest.approx(70.0)  # 40/50 - 5/50
    assert found["csat_share"] == pytest.approx(0.9)
    assert found["response_rate"] == pytest.approx(0.25)
    assert found["nps_margin"] == pytest.approx(100 * 1.959964 * ((0.9 - 0.49) / 50) ** 0.5)


def test_a_cohort_adds_up_the_weeks_that_are_shown_and_counts_the_others():
    found = cohorts(WEEKS, "outcome").set_index("cohort")
    assert (found.loc["as promised", "survey_count"], found.loc["as promised", "nps"]) == (80, pytest.approx(80.0))
    assert (found.loc["late", "survey_count"], found.loc["late", "hidden_weeks"]) == (20, 1)
    assert pd.isna(found.loc["damaged or incomplete", "nps"])
    assert list(found.index)[-1] == "damaged or incomplete"


def test_what_an_outcome_costs_adds_up_to_the_gap_below_kept_promises():
    costs = goodwill_cost(cohorts(WEEKS, "outcome"))
    # late: NPS -10 of 20 answers, as promised +80 of 80: 20 % of the answers lie 90 points lower
    assert list(costs["cohort"]) == ["late"]
    assert costs["points"].iloc[0] == pytest.approx(18.0)
    assert costs["survey_share"].iloc[0] == pytest.approx(0.2)


def test_nothing_costs_anything_while_kept_promises_have_no_score():
    assert goodwill_cost(cohorts(WEEKS[WEEKS["cohort"] == "late"], "outcome")).empty
    assert goodwill_cost(cohorts(WEEKS.head(0), "outcome")).empty


def test_a_difference_within_both_margins_is_noise():
    everybody = scored(WEEKS.head(1)).iloc[0]
    verdicts = compared(cohorts(WEEKS, "outcome"), everybody).set_index("cohort")["verdict"]
    assert dict(verdicts) == {"as promised": "noise", "late": "worse", "damaged or incomplete": "hidden"}


def test_the_newest_weeks_are_a_quarter():
    dates = [MONDAY + datetime.timedelta(weeks=number) for number in range(20)]
    kept = newest_weeks(pd.DataFrame({"week_date": dates}))
    assert (len(kept), kept["week_date"].min()) == (13, dates[7])
