"""Working time in opening hours."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.domain.envelope import to_instant, to_microseconds
from pbm360.simulate.opening_hours import HOUR, OpeningHours

NEW_YORK = ZoneInfo("America/New_York")
FIRST = datetime.datetime(2026, 10, 26, tzinfo=datetime.UTC)  # a Monday; the clocks go back on Sunday
HOURS = OpeningHours("America/New_York", "08:00", "18:00", "1111100", to_microseconds(FIRST))


def local(text: str) -> int:
    return to_microseconds(datetime.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK))


@pytest.mark.parametrize(
    ("start", "hours", "done"),
    [
        ("2026-10-27T09:00", 2, "2026-10-27T11:00"),
        ("2026-10-27T06:00", 2, "2026-10-27T10:00"),  # it waits for the opening
        ("2026-10-27T17:00", 2, "2026-10-28T09:00"),  # and for the next morning
        ("2026-10-30T17:00", 3, "2026-11-02T10:00"),  # over the weekend in which the clocks change
        ("2026-10-31T12:00", 1, "2026-11-02T09:00"),
        ("2026-10-27T08:00", 10, "2026-10-28T08:00"),  # it is not done at the closing, but at the next opening
        ("2026-10-27T08:00", 100, "2026-11-10T08:00"),
    ],
)
def test_work_is_done_in_opening_hours(start, hours, done):
    assert to_instant(HOURS.after_work(local(start), hours * HOUR)) == to_instant(local(done))


def test_the_next_opening_is_now_where_the_place_is_open():
    assert HOURS.next_open(local("2026-10-27T09:30")) == local("2026-10-27T09:30")
    assert HOURS.next_open(local("2026-10-30T18:00")) == local("2026-11-02T08:00")


def test_openings_lie_at_the_local_hour_on_both_sides_of_the_change_of_clocks():
    friday, monday = HOURS.opening_index(local("2026-10-30T12:00")), HOURS.opening_index(local("2026-11-02T12:00"))
    assert monday == friday + 1
    assert HOURS.opening(friday) == (local("2026-10-30T08:00"), local("2026-10-30T18:00"))
    assert HOURS.opening(monday)[0] - HOURS.opening(friday)[1] == 63 * HOUR  # an hour more than usual


@given(st.integers(0, 60 * 24), st.integers(1, 80 * 60), st.integers(1, 80 * 60))
def test_two_pieces_of_work_take_as_long_as_both_at_once(start_hours, first_minutes, second_minutes):
    start, minute = to_microseconds(FIRST) + start_hours * HOUR, HOUR // 60
    first_done = HOURS.after_work(start, first_minutes * minute)
    assert HOURS.after_work(first_done, second_minutes * minute) == HOURS.after_work(
        start, (first_minutes + second_minutes) * minute
    )
    assert HOURS.next_open(first_done) == first_done >= start + first_minutes * minute


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "open_days", "complaint"),
    [
        ("08:00", "18:00", "0000000", "a 1 among them; got '0000000'"),
        ("08:00", "18:00", "11111", "seven digits"),
        ("18:00", "08:00", "1111100", "open before it closes; got 18:00 to 08:00"),
    ],
)
def test_impossible_hours_are_refused(opens_at, closes_at, open_days, complaint):
    with pytest.raises(ValueError, match=complaint):
        OpeningHours("America/New_York", opens_at, closes_at, open_days, 0)
