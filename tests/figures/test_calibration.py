"""The figure that sets the simulated world against its sources."""

import math

import pandas as pd

from pbm360.figures.calibration import calibration_plot

TABLE = pd.DataFrame(
    {
        "figure": ["a", "b", "c", "d"],
        "group": ["share", "share", "days", "rare"],
        "label": ["Approved", "On time", "To fill", "Errors"],
        "source": ["S1", "S2", "S3", "S4"],
        "sourced_least": [0.9, 0.8, 4.0, 0.001],
        "sourced_most": [0.9, 0.95, math.inf, 0.001],
        "simulated": [0.89, 0.7, 6.0, 0.002],
        "error": [0.01, 0.01, 0.2, 0.0005],
        "order_count": [100, 100, 80, 1000],
        "is_close": [True, False, True, True],
    }
)


def test_each_figure_stands_beside_its_source_in_its_unit():
    figure = calibration_plot(TABLE)
    assert figure.layout.title.subtitle.text.startswith("3 of 4 figures lie within their sources")
    simulated = [trace for trace in figure.data if trace.error_x.array is not None]
    assert [list(trace.x) for trace in simulated] == [[89.0, 70.0], [6.0], [200.0]]
    assert [list(trace.error_x.array) for trace in simulated] == [[2.0, 2.0], [0.4], [100.0]]
    ranges = [list(trace.x) for trace in figure.data if trace.mode == "lines"]
    assert ranges == [[80.0, 95.0], [4.0, 22]]  # without an upper bound it runs to the end of the axis
    exact = [list(trace.x) for trace in figure.data if trace.marker.symbol == "diamond"]
    assert exact == [[90.0], [], [100.0]]


def test_without_orders_the_figure_says_so():
    assert calibration_plot(TABLE.iloc[:0]).layout.annotations[0].text == "No order was simulated"
