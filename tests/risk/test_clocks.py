"""Working hours are counted in the place's own time; nothing counts while it is closed."""

import datetime

import numpy as np
import pandas as pd
import pytest

from pbm360.risk.clocks import clocks_of, microseconds, working_clock

CHICAGO = ("America/Chicago", "08:00", "18:00", "1111100", "2026-11-26 2026-12-25")


def at(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1e6)


def hours(earlier: str, later: str, place=CHICAGO) -> float:
    clock = working_clock(*place, at(earlier), at(later))
    return float(clock.worked(np.array([at(later)]))[0] - clock.worked(np.array([at(earlier)]))[0])


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ("2026-11-18T15:00-06:00", "2026-11-18T17:30-06:00", 2.5),
        ("2026-11-18T17:00-06:00", "2026-11-19T09:00-06:00", 2.0),  # over a night
        ("2026-11-20T17:00-06:00", "2026-11-23T09:00-06:00", 2.0),  # over a weekend
        ("2026-11-21T10:00-06:00", "2026-11-22T20:00-06:00", 0.0),
        ("2026-11-25T17:00-06:00", "2026-11-27T09:00-06:00", 2.0),  # over a holiday
        ("2026-10-30T08:00-05:00", "2026-11-02T18:00-06:00", 20.0),  # clocks went back on the Sunday between
    ],
)
def test_hours_between_are_those_of_opening(earlier, later, expected):
    assert hours(earlier, later) == pytest.approx(expected)


def test_an_instant_is_found_again_from_its_hours():
    clock = working_clock(*CHICAGO, at("2026-11-18T00:00+00:00"), at("2026-11-30T00:00+00:00"))
    instant = np.array([at("2026-11-24T16:20+00:00")], float)
    assert clock.instant(clock.worked(instant)) == pytest.approx(instant, abs=1.0)


def test_a_place_without_known_hours_is_always_open():
    assert hours("2026-11-21T10:00-06:00", "2026-11-22T10:00-06:00", ("UTC", None, None, None, "")) == pytest.approx(24)


def test_carriers_go_round_on_saturdays_and_not_on_sundays():
    row = dict(zip(("time_zone", "opens_at", "closes_at", "open_days", "holidays"), CHICAGO, strict=True)) | {
        "pharmacy_id": "P1"
    }
    _, rounds = clocks_of(pd.DataFrame([row]), at("2026-11-20T00:00+00:00"), at("2026-11-24T00:00+00:00"))["P1"]
    saturday, sunday, monday = (np.array([at(f"2026-11-{day}T00:00-06:00")]) for day in (21, 22, 23))
    assert rounds.worked(sunday) - rounds.worked(saturday) == pytest.approx(12)
    assert rounds.worked(monday) - rounds.worked(sunday) == pytest.approx(0)


def test_instants_that_are_missing_are_not_a_number():
    found = microseconds(pd.Series([pd.Timestamp("1970-01-01T00:00:01Z"), pd.NaT]))
    assert found[0] == 1e6 and np.isnan(found[1])
