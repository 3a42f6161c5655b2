"""Dates and times: GoogleSQL's right answers."""

from datetime import UTC, date, datetime

import pytest

TIMESTAMP_DIFFERENCES = [
    ("10:45:00", "10:00:00", "hour", 0),
    ("11:15:00", "10:45:00", "hour", 0),  # a boundary is crossed, no hour has passed
    ("10:00:00", "11:15:00", "hour", -1),
    ("10:59:59.999999", "10:00:00", "minute", 59),
    ("10:00:01.4", "10:00:00.5", "second", 0),
    ("10:00:01.5", "10:00:00", "millisecond", 1500),
    ("10:00:01.000005", "10:00:00", "microsecond", 1000005),
]


@pytest.mark.parametrize(("later", "earlier", "unit", "right"), TIMESTAMP_DIFFERENCES)
def test_timestamp_diff_counts_whole_units(value, later, earlier, unit, right):
    sql = f"select timestamp_diff(timestamp '2026-11-20 {later}+00', timestamp '2026-11-20 {earlier}+00', {unit})"
    assert value(sql) == right


def test_a_day_of_timestamp_diff_is_24_hours(value):
    assert value("select timestamp_diff(timestamp '2026-01-02 09:00:00', timestamp '2026-01-01 10:00:00', day)") == 0


def test_timestamp_diff_of_nothing_is_null(value):
    assert value("select timestamp_diff(null, timestamp '2026-01-01 10:00:00', day)") is None


DATE_DIFFERENCES = [
    ("date '2026-01-02', date '2025-12-31', day", 2),
    ("date '2026-01-02', date '2025-12-31', month", 1),
    ("date '2026-01-02', date '2025-12-31', year", 1),
    ("date '2026-04-01', date '2026-03-31', quarter", 1),
    ("date '2017-10-15', date '2017-10-14', week", 1),
    ("date '2017-10-15', date '2017-10-14', week(monday)", 0),
    ("date '2017-12-18', date '2017-12-17', week(monday)", 1),
    ("date '2017-12-18', date '2017-12-17', isoweek", 1),
    ("date '1969-12-29', date '1969-12-28', isoweek", 1),
]


@pytest.mark.parametrize(("arguments", "right"), DATE_DIFFERENCES)
def test_date_diff_counts_boundaries(value, arguments, right):
    assert value(f"select date_diff({arguments})") == right


def test_datetime_diff_counts_boundaries(answer):
    later, earlier = "datetime '2026-01-02 00:15:00'", "datetime '2026-01-01 23:45:00'"
    sql = f"select datetime_diff({later}, {earlier}, hour), datetime_diff({later}, {earlier}, day)"
    assert answer(sql) == [(1, 1)]


WEEK_STARTS = [
    ("2026-11-25", "week", date(2026, 11, 22)),
    ("2026-11-22", "week", date(2026, 11, 22)),
    ("2026-11-25", "week(monday)", date(2026, 11, 23)),
    ("2026-11-22", "week(monday)", date(2026, 11, 16)),
    ("2026-11-22", "isoweek", date(2026, 11, 16)),
    ("2026-11-25", "week(thursday)", date(2026, 11, 19)),
    ("1969-12-31", "week(monday)", date(1969, 12, 29)),
    ("2026-11-25", "month", date(2026, 11, 1)),
    ("2026-11-25", "quarter", date(2026, 10, 1)),
    ("2026-11-25", "year", date(2026, 1, 1)),
]


@pytest.mark.parametrize(("day", "unit", "right"), WEEK_STARTS)
def test_date_trunc_finds_the_first_day(value, day, unit, right):
    assert value(f"select date_trunc(date '{day}', {unit})") == right


TIMESTAMP_STARTS = [
    ("week(monday)", datetime(2026, 11, 16, tzinfo=UTC)),
    ("week", datetime(2026, 11, 22, tzinfo=UTC)),
    ("isoweek", datetime(2026, 11, 16, tzinfo=UTC)),
    ("hour", datetime(2026, 11, 22, 3, tzinfo=UTC)),
    ("day, 'America/New_York'", datetime(2026, 11, 21, 5, tzinfo=UTC)),
    ("week(sunday), 'America/New_York'", datetime(2026, 11, 15, 5, tzinfo=UTC)),
]


@pytest.mark.parametrize(("unit", "right"), TIMESTAMP_STARTS)
def test_timestamp_trunc_finds_the_first_instant(value, unit, right):
    assert value(f"select timestamp_trunc(timestamp '2026-11-22 03:11:12+00', {unit})") == right


def test_datetime_trunc_by_week(value):
    assert value("select datetime_trunc(datetime '2026-11-22 10:11:12', isoweek)") == datetime(2026, 11, 16)


TIMESTAMP_TEXTS = [
    ("2026-11-20T14:03:11.250Z", datetime(2026, 11, 20, 14, 3, 11, 250000, UTC)),
    ("2026-11-20T14:03:11+02:00", datetime(2026, 11, 20, 12, 3, 11, tzinfo=UTC)),
    ("2026-11-20 14:03:11-05:30", datetime(2026, 11, 20, 19, 33, 11, tzinfo=UTC)),
    ("2026-11-20t14:03:11z", datetime(2026, 11, 20, 14, 3, 11, tzinfo=UTC)),
    ("2026-11-20T14:03:11.1234567Z", None),
    ("2026-11-20T10:00:00+14:00", datetime(2026, 11, 19, 20, tzinfo=UTC)),
    ("2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ("2026-11-20 10:00:00 America/New_York", datetime(2026, 11, 20, 15, tzinfo=UTC)),
    ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ("2026-11-20T10:00:00+15:00", None),
    ("2026-11-20T24:00:00Z", None),
    ("2026-11-20 10:00", None),
    ("2026-02-30T10:00:00Z", None),
    ("yesterday", None),
]


@pytest.mark.parametrize(("text", "right"), TIMESTAMP_TEXTS)
def test_text_becomes_a_timestamp_or_null(answer, text, right):
    # in a column: what the planner computes ahead may take another way than rows do
    sql = f"""
        select safe_cast(given as timestamp), safe.timestamp(given), safe_cast('{text}' as timestamp)
        from unnest(['{text}']) as given
    """
    assert answer(sql) == [(right, right, right)]


def test_timestamp_function_takes_dates_and_zones(answer):
    sql = "select timestamp(date '2026-11-20'), timestamp(date '2026-11-20', 'America/New_York')"
    assert answer(sql) == [(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 5, tzinfo=UTC))]


def test_parts_in_a_zone(answer):
    sql = """
        select
            extract(hour from at at time zone 'America/New_York'),
            extract(dayofweek from at at time zone 'America/New_York'),
            extract(date from at at time zone 'America/New_York'),
            date(at),
            date(at, 'America/New_York'),
            extract(week from date(at)),
            extract(isoweek from date(at))
        from (select timestamp '2026-11-22 03:03:11+00' as at)
    """
    assert answer(sql) == [(22, 7, date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 21), 47, 47)]


def test_timestamps_as_text(answer):
    sql = """
        select
            format_timestamp('%Y-%m-%dT%H:%M:%SZ', at),
            format_timestamp('%F %T', at, 'America/New_York'),
            format_date('%a %d %b', date(at)),
            cast(at as string),
            cast(timestamp '2026-11-20 14:03:11+00' as string)
        from (select timestamp '2026-11-20 14:03:11.25+00' as at)
    """
    assert answer(sql) == [
        (
            "2026-11-20T14:03:11Z",
            "2026-11-20 09:03:11",
            "Fri 20 Nov",
            "2026-11-20 14:03:11.250+00",
            "2026-11-20 14:03:11+00",
        )
    ]


def test_a_series_of_dates(answer):
    sql = "select day from unnest(generate_date_array(date '2026-11-29', date '2026-12-01')) as day order by day"
    assert answer(sql) == [(date(2026, 11, 29),), (date(2026, 11, 30),), (date(2026, 12, 1),)]


def test_adding_and_subtracting(answer):
    sql = """
        select
            timestamp_add(timestamp '2026-01-01', interval 90 minute),
            timestamp_sub(timestamp '2026-01-01', interval 1 day),
            date_sub(date '2026-03-31', interval 1 month),
            date_add(date '2026-03-31', interval 2 day),
            last_day(date '2026-02-03')
    """
    assert answer(sql) == [
        (
            datetime(2026, 1, 1, 1, 30, tzinfo=UTC),
            datetime(2025, 12, 31, tzinfo=UTC),
            date(2026, 2, 28),
            date(2026, 4, 2),
            date(2026, 2, 28),
        )
    ]


@pytest.mark.parametrize(
    ("unit", "start"),
    [("day", "2026-11-22"), ("month", "2026-11-01"), ("quarter", "2026-10-01"), ("year", "2026-01-01")],
)
def test_the_start_of_a_period_of_a_generated_day_is_a_date(value, unit, start):
    days = "unnest(generate_date_array(date '2026-11-22', date '2026-11-22'))"
    assert value(f"select date_trunc(day, {unit}) from {days} as day") == date.fromisoformat(start)
