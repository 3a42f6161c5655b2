"""Durations are lognormal, and drawn as Python's own library draws a normal deviation."""

from math import exp
from random import Random

from pbm360.simulate.durations import Duration
from pbm360.simulate.opening_hours import HOUR


def test_a_duration_takes_the_librarys_normal_deviation_to_the_bit():
    duration = Duration(5.0, 0.7, longest_hours=1e6)
    ours, library = Random(360), Random(360)
    for number in range(1000):
        if number % 3 == 0:  # others draw between, which moves the deviation that is kept for the next
            assert ours.gauss(0.0, 1.0) == library.gauss(0.0, 1.0)
        expected = int(5.0 * exp(0.7 * library.gauss(0.0, 1.0)) * HOUR)
        assert duration.draw(ours) == expected
    assert ours.getstate() == library.getstate()
