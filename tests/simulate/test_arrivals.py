"""When and where referrals arrive."""

from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np

from pbm360.domain.envelope import to_instant, to_microseconds
from pbm360.simulate.arrivals import day_weights, draw_arrivals, split_over_days
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.world import PHARMACIES


def test_the_split_adds_up_and_weekends_are_quiet(end):
    start = to_microseconds(end) - 14 * DAY
    counts = split_over_days(10_000, start, 14, np.random.default_rng(1))
    assert sum(counts) == 10_000
    assert min(counts[:4]) > 4 * max(counts[5], counts[12])  # day 5 runs from Saturday to Sunday


def test_arrivals_are_sorted_and_within_their_day(end):
    start = to_microseconds(end)
    arrivals = draw_arrivals(500, start, np.random.default_rng(1))
    assert len(arrivals) == 500
    assert arrivals == sorted(arrivals)
    assert start <= arrivals[0][0] <= arrivals[-1][0] < start + DAY


def test_no_arrivals_are_an_empty_day(end):
    assert draw_arrivals(0, to_microseconds(end), np.random.default_rng(1)) == []


def test_referrals_come_by_day_in_the_pharmacy_s_own_zone(end):
    arrivals = draw_arrivals(4000, to_microseconds(end), np.random.default_rng(1))
    hours = Counter(to_instant(at).astimezone(ZoneInfo(PHARMACIES[index].time_zone)).hour for at, index in arrivals)
    assert sum(hours[hour] for hour in range(8, 18)) > 0.7 * 4000
    assert hours[3] < 40
    assert {index for _, index in arrivals} == set(range(len(PHARMACIES)))


def test_weights_of_a_week_keep_the_shares_of_the_pharmacies(end):
    week = sum(day_weights(to_microseconds(end) + day * DAY) for day in range(7)).sum(axis=0)
    assert np.allclose(week / week.sum(), [pharmacy.share for pharmacy in PHARMACIES], atol=0.001)
