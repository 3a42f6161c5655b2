"""The rendered page: numbers, figures, what it says where nothing may be shown."""

import datetime
import json

import pandas as pd
import pytest

from pbm360.satisfaction.reading import Mark, Reports
from pbm360.satisfaction.view import mark_chips, satisfaction_view
from tests.satisfaction.test_scores import MONDAY, WEEKS

NOW = datetime.datetime(2026, 11, 17, 12, tzinfo=datetime.UTC)
MARK = Mark(datetime.date(2026, 11, 16), NOW)
CONTACTS = pd.DataFrame(
    [
        (MONDAY, "call", "status", 40, False),
        (MONDAY, "complaint", "late_delivery", 12, False),
        (MONDAY, "call", "billing", None, True),
    ],
    columns=["week_date", "contact_kind", "reason", "contact_count", "is_suppressed"],
)
WARNINGS = pd.DataFrame(
    [(MONDAY, 40, 30, 52.0, False)],
    columns=["week_date", "call_count", "warned_count", "median_lead_hours", "is_suppressed"],
)


@pytest.fixture(scope="module")
def view():
    return satisfaction_view(Reports(MARK, WEEKS, CONTACTS, WARNINGS), NOW)


@pytest.fixture(scope="module")
def empty_view():
    return satisfaction_view(Reports(Mark(None, None), WEEKS.head(0), CONTACTS.head(0), WARNINGS.head(0)), NOW)


def test_the_tiles_tell_scores_with_what_stands_behind_them(view):
    tiles = {tile["key"]: (tile["text"], tile["detail"]) for tile in view["tiles"]}
    assert tiles["nps"] == ("+70", "± 18 points")
    assert tiles["nps_late"] == ("-10", "n = 20 surveys")
    assert tiles["csat"] == ("90.0%", "n = 50 ratings")
    assert tiles["call"] == ("40", "200 per 1,000 deliveries")
    assert tiles["complaint"] == ("12", "60 per 1,000 deliveries")
    assert tiles["lead"] == ("2.2 d", "before 75% of first calls")


def test_every_panel_asks_a_question_and_draws(view):
    for key, text in view["figures"].items():
        figure = json.loads(text)
        assert figure["layout"]["title"]["text"].endswith("?"), key
        assert figure["data"], key


def test_an_empty_warehouse_says_so_in_every_panel(empty_view):
    for key, text in empty_view["figures"].items():
        figure = json.loads(text)
        assert figure["data"] == [], key
        assert figure["layout"]["annotations"][0]["text"], key
    assert {tile["text"] for tile in empty_view["tiles"]} == {"–"}
    assert all(table["rows"] == [] for table in empty_view["tables"]["cohorts"])
    assert empty_view["chips"][0]["text"] == "Batch: no day yet"


def test_a_held_back_cell_shows_no_number(view):
    outcomes = next(table for table in view["tables"]["cohorts"] if table["key"] == "outcome")
    row = next(row for row in outcomes["rows"] if row["cohort"] == "damaged or incomplete")
    assert row["verdict"] == "hidden"
    assert {row[name] for name in ("nps", "nps_margin", "csat_percent", "survey_count", "response_percent")} == {None}
    assert "1 of 3 weekly cells held back" in view["figures"]["reasons"]


def test_an_old_batch_is_quiet():
    late = mark_chips(Mark(datetime.date(2026, 11, 10), NOW), NOW)
    assert [chip["state"] for chip in late] == ["quiet", "good"]
