"""A case lasts as long as like cases did, where there are enough of them; else as long as those of the parent cell."""

import numpy as np
import pandas as pd
import pytest

from pbm360.risk.survival import NEVER, PULL, fit

LEVELS = (("stage",), ("stage", "path"))


def cells(*pairs) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["stage", "path"])


def test_a_chance_is_the_share_of_like_cases_that_lasted_longer():
    hours = np.arange(1.0, 1001)
    survival = fit(cells(*[(1, 0)] * 1000), hours, LEVELS)
    assert survival.beyond(cells((1, 0)), np.array([250.0])) == pytest.approx([0.75], abs=1e-5)


def test_a_cell_with_few_cases_says_what_its_parent_says():
    survival = fit(cells(*[(1, 0)] * 400, (1, 1)), np.array([1.0] * 200 + [9.0] * 200 + [9.0]), LEVELS)
    common, rare = survival.beyond(cells((1, 0), (1, 1)), np.array([5.0, 5.0]))
    assert common == pytest.approx(0.5, abs=0.01)
    assert rare == pytest.approx((1 + PULL * 0.5) / (1 + PULL), abs=0.01)  # one case of its own moves it a little


def test_an_unknown_cell_is_answered_by_all_cases():
    survival = fit(cells(*[(1, 0)] * 500), np.linspace(0, 10, 500), LEVELS)
    assert survival.beyond(cells((7, 3)), np.array([5.0])) == pytest.approx([0.5], abs=0.02)


def test_a_chance_never_grows_with_the_hours():
    random = np.random.default_rng(1)
    survival = fit(cells(*[(1, n % 3) for n in range(300)]), random.exponential(20, 300), LEVELS)
    chances = [survival.beyond(cells((1, 2)), np.array([h]))[0] for h in range(0, 200, 5)]
    assert chances == sorted(chances, reverse=True) and 0 <= chances[-1] < chances[0] <= 1


def test_half_of_the_like_cases_end_by_the_median_and_none_where_too_many_never_do():
    survival = fit(cells(*[(1, 0)] * 999, *[(2, 0)] * 999), np.array([*range(1, 1000), *[NEVER] * 999]), LEVELS)
    median, never = survival.quantile(cells((1, 0), (2, 0)), 0.5)
    assert median == pytest.approx(500, abs=15)
    assert np.isnan(never)


def test_every_level_is_told_apart_so_that_what_it_adds_is_known():
    survival = fit(cells(*[(1, 0)] * 500, *[(1, 1)] * 500), np.array([1.0] * 500 + [9.0] * 500), LEVELS)
    overall, stage, path = survival.of(cells((1, 1))).beyond_by_level(np.array([5.0]))[:, 0]
    assert overall == pytest.approx(0.5, abs=0.01) and stage == pytest.approx(0.5, abs=0.01)
    assert path > 0.95


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="no case to learn from"):
        fit(cells(), np.array([]), LEVELS)
