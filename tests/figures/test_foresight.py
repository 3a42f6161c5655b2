"""Figures of a forecast show its classes and its flags as they were counted, and say so where there is nothing."""

import numpy as np
import pandas as pd

from pbm360.figures.foresight import calibration_plot, lead_time_plot, lead_times
from pbm360.risk.calibration import calibration_curve

ROWS = pd.DataFrame(
    {"order_id": ["A", "A", "B", "C"], "came": [1.0, 1.0, 1.0, 0.0], "ahead_hours": [60.0, 10.0, 30.0, 90.0]}
)


def test_a_curve_has_a_marker_for_each_class_and_the_diagonal_beside_it():
    curve = calibration_curve(np.array([0.15, 0.15, 0.85]), np.array([0, 0, 1]))
    figure = calibration_plot({"Forecast": curve}, title="Does it come true?")
    diagonal, forecast = figure.data
    assert (list(diagonal.x), list(diagonal.y)) == ([0, 1], [0, 1])
    assert (list(forecast.x), list(forecast.y)) == ([0.15, 0.85], [0.0, 1.0])
    assert forecast.marker.size[0] > forecast.marker.size[1]
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def test_flags_are_counted_by_order_and_by_the_first_of_them():
    shares = lead_times(ROWS, np.array([True, True, False, True]), hours=(24, 48, 72))
    assert shares["flagged_share"].tolist() == [0.5, 0.5, 0.0]  # A was flagged 60 hours ahead, B never
    figure = lead_time_plot({"Forecast": shares}, title="How early?")
    assert list(figure.data[0].y) == [0.5, 0.5, 0.0]


def test_without_a_forecast_or_a_miss_the_figures_say_so():
    empty = lead_times(ROWS[ROWS["came"] == 0], np.array([True]))
    assert lead_time_plot({"Forecast": empty}, title="t").layout.annotations[0].text == "No order missed its SLA"
    nothing = calibration_curve(np.array([]), np.array([]))
    assert "Nothing was forecast" in calibration_plot({"Forecast": nothing}, title="t").layout.annotations[0].text
