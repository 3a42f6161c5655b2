"""Local times become instants by a stated rule, also where a zone moves its clocks."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.feeds.times import TimeReader, UnreadableTimeError

UTC = datetime.UTC
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def utc(*parts) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=UTC)


def counts(reader: TimeReader) -> tuple[int, int]:
    return reader.ambiguous_count, reader.nonexistent_count


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-07-01 12:00:00", utc(2026, 7, 1, 10)),  # summer, two hours ahead
        ("2026-01-15T12:00:00.250", utc(2026, 1, 15, 11, 0, 0, 250_000)),  # winter, one hour
        ("2026-01-15T12:00:00-05:00", utc(2026, 1, 15, 17)),  # its own offset counts
        ("2026-01-15T12:00:00Z", utc(2026, 1, 15, 12)),
        ("  2026-01-15 12:00  ", utc(2026, 1, 15, 11)),
        ("2026-01-15", utc(2026, 1, 14, 23)),  # a date is its midnight
        (datetime.date(2026, 1, 15), utc(2026, 1, 14, 23)),
        (datetime.datetime(2026, 1, 15, 12), utc(2026, 1, 15, 11)),
        (utc(2026, 1, 15, 12), utc(2026, 1, 15, 12)),
    ],
)
def test_a_time_without_an_offset_is_local_and_one_with_an_offset_keeps_it(value, instant):
    reader = TimeReader(AMSTERDAM)
    assert reader.read(value) == instant
    assert reader.read(value).tzinfo is UTC
    assert counts(reader) == (0, 0)


def test_a_local_time_that_occurs_twice_takes_the_earlier_offset_and_is_counted():
    reader = TimeReader(AMSTERDAM)
    assert reader.read("2026-10-25 02:30:00") == utc(2026, 10, 25, 0, 30)  # at +02:00; the second is 01:30 UTC
    assert counts(reader) == (1, 0)
    assert reader.read("2026-10-25 02:30:00+01:00") == utc(2026, 10, 25, 1, 30)  # said plainly: not ambiguous
    assert reader.read("2026-10-25 03:00:00") == utc(2026, 10, 25, 2)
    assert counts(reader) == (1, 0)


def test_a_local_time_that_never_occurred_is_moved_forward_by_the_gap_and_counted():
    reader = TimeReader(AMSTERDAM)
    moved = reader.read("2026-03-29 02:30:00")
    assert moved == utc(2026, 3, 29, 1, 30)
    assert moved.astimezone(AMSTERDAM).isoformat() == "2026-03-29T03:30:00+02:00"
    assert reader.read("2026-03-29 03:00:00") == utc(2026, 3, 29, 1)
    assert counts(reader) == (0, 1)


def test_a_gap_of_half_an_hour_moves_by_half_an_hour():
    reader = TimeReader(ZoneInfo("Australia/Lord_Howe"))
    moved = reader.read("2026-10-04 02:15:00").astimezone(reader.zone)
    assert moved.isoformat() == "2026-10-04T02:45:00+11:00"


@pytest.mark.parametrize(
    ("time_format", "value", "instant"),
    [
        ("%d/%m/%Y %H:%M", "05/11/2026 14:30", utc(2026, 11, 5, 13, 30)),
        ("%d.%m.%Y %H:%M %z", "05.11.2026 14:30 +0530", utc(2026, 11, 5, 9)),
        ("unix_seconds", "1795000000.25", utc(2026, 11, 18, 11, 6, 40, 250_000)),
        ("unix_seconds", 1795000000, utc(2026, 11, 18, 11, 6, 40)),
        ("unix_milliseconds", "1795000000250", utc(2026, 11, 18, 11, 6, 40, 250_000)),
    ],
)
def test_other_formats_are_read_where_the_mapping_names_them(time_format, value, instant):
    assert TimeReader(AMSTERDAM, time_format).read(value) == instant


@pytest.mark.parametrize(
    ("time_format", "value"),
    [
        ("", "yesterday"),
        ("", "2026-02-30 10:00:00"),
        ("", "31/12/2026 10:00"),
        ("", 17),
        ("", "0001-01-01T00:00:00+23:00"),  # its UTC lies before the first year
        ("%d/%m/%Y", "2026-11-05"),
        ("unix_seconds", "soon"),
        ("unix_seconds", "NaN"),
        ("unix_seconds", "1e30"),
    ],
)
def test_what_is_no_time_is_refused(time_format, value):
    with pytest.raises(UnreadableTimeError, match="is no time"):
        TimeReader(AMSTERDAM, time_format).read(value)


@given(st.datetimes(datetime.datetime(2010, 1, 1), datetime.datetime(2030, 1, 1)))
def test_every_local_time_but_a_doubtful_one_is_the_instant_whose_local_time_it_is(local):
    reader = TimeReader(AMSTERDAM)
    back = reader.read(local).astimezone(AMSTERDAM).replace(tzinfo=None)
    gap = datetime.timedelta(hours=reader.nonexistent_count)
    assert back == local + gap
