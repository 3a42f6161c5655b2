"""The figures of the later chapters."""

import pandas as pd

from pbm360.figures.tutorial import coverage_bars, milestone_plot, nps_bars


def test_a_suppressed_cohort_keeps_its_place_and_shows_no_number():
    cohorts = pd.DataFrame(
        {
            "cohort": ["ups", "usps", "courier"],
            "nps": [50.0, None, None],
            "survey_count": [40, None, 0],
            "is_suppressed": [False, True, False],
        }
    )
    figure = nps_bars(cohorts, title="t", cohort_title="carrier")
    assert figure.data[0].x[:2] == (50.0, None)
    assert figure.data[1].text == ("  +50 (n = 40)", "  suppressed", "  no answers")
    assert nps_bars(cohorts.head(0), title="t", cohort_title="carrier").layout.annotations


def test_a_milestone_that_was_not_reached_has_no_mark():
    at = pd.Timestamp("2026-11-20T09:00:00Z")
    orders = pd.DataFrame(
        {"order_id": ["A", "B"], "received_at": [at, at], "filled_at": [at, pd.NaT], "shipped_at": [pd.NaT, pd.NaT]}
    ).assign(delivered_at=pd.NaT)
    figure = milestone_plot(orders, title="t")
    assert {trace.name: trace.y for trace in figure.data} == {
        "received": ("A", "B"),
        "filled": ("A",),
        "shipped": (),
        "delivered": (),
    }
    assert milestone_plot(orders.head(0), title="t").layout.annotations


def test_coverage_is_a_share_and_none_where_nothing_should_be_known():
    coverage = pd.DataFrame({"measure": ["a", "b"], "have_count": [3, 0], "should_count": [4, 0]})
    figure = coverage_bars(coverage, title="t")
    assert figure.data[0].x == (0.75, 0)
    assert figure.data[2].text == ("  75.00% of 4", "  none yet")
