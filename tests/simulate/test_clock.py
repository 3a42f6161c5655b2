"""The faster clock of a live trickle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.simulate.clock import Clock, parse_rate

NOW = 1_800_000_000_000_000
SPANS = st.integers(0, 10**13)
RATES = st.sampled_from([0.5, 1.0, 60.0, 3600.0, 86_400.0])


def test_the_past_stays_and_the_future_comes_sixty_times_as_fast():
    clock = Clock(NOW, 60)
    assert clock.wall(NOW - 7) == NOW - 7
    assert clock.wall(NOW + 3_600_000_000) == NOW + 60_000_000
    assert clock.simulated(NOW + 60_000_000) == NOW + 3_600_000_000


@given(SPANS, SPANS, RATES)
def test_the_clock_keeps_the_order_of_instants_a_second_apart(first, gap, rate):
    clock = Clock(NOW, rate)
    assert clock.wall(NOW + first) < clock.wall(NOW + first + 1_000_000 + gap)


@given(SPANS, RATES)
def test_what_has_come_on_the_wall_has_come_in_the_simulation(span, rate):
    clock = Clock(NOW, rate)
    wall = clock.wall(NOW + span)
    assert clock.simulated(wall) >= NOW + span
    assert clock.wall(clock.simulated(wall)) <= wall


@pytest.mark.parametrize(("text", "rate"), [("live", 1.0), ("fast", 86_400.0), ("60", 60.0), ("0.5", 0.5)])
def test_a_rate_is_named_or_a_number(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "quick", "0", "-1", "nan", "inf", "1e9"])
def test_other_rates_are_refused_with_what_was_expected(text):
    with pytest.raises(ValueError, match="rate must be live, fast or a number over 0"):
        parse_rate(text)
