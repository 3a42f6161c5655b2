"""What is measured of a forecast is what its name says, by hand."""

import numpy as np
import pandas as pd
import pytest

from pbm360.risk import calibration


def test_brier_score_is_the_mean_squared_error():
    assert calibration.brier(np.array([1.0, 0.5, 0.0]), np.array([1, 0, 0])) == pytest.approx(0.25 / 3)


def test_a_forecast_that_comes_true_as_often_as_it_says_has_no_calibration_error():
    chances = np.repeat([0.2, 0.8], 10)
    came = np.array([1, 1, *[0] * 8, *[1] * 8, 0, 0])
    assert calibration.calibration_error(chances, came) == pytest.approx(0)
    assert calibration.calibration_error(1 - chances, came) == pytest.approx(0.6)
    curve = calibration.calibration_curve(chances, came)
    assert curve["order_count"].tolist() == [10, 10]
    assert curve["observed_share"].tolist() == pytest.approx([0.2, 0.8])


def test_precision_is_counted_among_the_most_endangered():
    assert calibration.precision_at(np.array([0.9, 0.8, 0.1, 0.2]), np.array([1, 0, 1, 1]), 0.5) == 0.5


ROWS = pd.DataFrame(
    {
        "order_id": ["A", "A", "B", "C", "D"],
        "came": [1.0, 1.0, 1.0, 0.0, 0.0],
        "ahead_hours": [60.0, 10.0, 12.0, 40.0, 90.0],
    }
)


def test_a_flag_counts_as_a_warning_only_where_it_comes_early_enough():
    found = calibration.warning(ROWS, np.array([True, True, True, True, False]), 24)
    assert (found.recall, found.precision) == (0.5, 0.5)  # A in time; B too late; C for nothing
    assert (found.median_hours, found.flagged_count, found.missed_count) == (60.0, 2, 2)


def test_the_least_threshold_is_taken_that_reaches_the_precision():
    chances = np.array([0.9, 0.9, 0.9, 0.5, 0.3])
    threshold = calibration.threshold_for(ROWS, chances, 24, 0.9)
    assert 0.5 < threshold <= 0.54
    assert calibration.threshold_for(ROWS, np.zeros(5), 24, 0.9) == 1.0


def test_the_interval_of_a_gain_holds_the_gain_and_resamples_orders_not_rows():
    random = np.random.default_rng(3)
    came = (random.random(300) < 0.3).astype(float)
    rows = pd.DataFrame({"order_id": np.repeat(np.arange(300), 5), "came": np.repeat(came, 5)})
    gain, low, high = calibration.better_by(rows, np.full(1500, 0.3), np.full(1500, 0.5))
    assert low < gain < high and low > 0
    alone = rows.assign(order_id=np.arange(1500))
    _, narrow_low, narrow_high = calibration.better_by(alone, np.full(1500, 0.3), np.full(1500, 0.5))
    assert narrow_high - narrow_low < 0.6 * (high - low)
