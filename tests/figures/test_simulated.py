"""Figures of the simulated world: every defect has its place, a queue is counted hour by hour."""

import datetime
from dataclasses import fields

import pandas as pd

from pbm360.figures.simulated import CONSEQUENCES, defect_bars, in_stage, queue_plot
from pbm360.simulate import DefectRates

BEGINS, ENDS = (datetime.datetime(2026, 11, day, 8, tzinfo=datetime.UTC) for day in (17, 18))
NINE, TEN, ELEVEN = (datetime.datetime(2026, 11, 17, hour, tzinfo=datetime.UTC) for hour in (9, 10, 11))
QUARTER = datetime.timedelta(minutes=15)
VISITS = pd.DataFrame(
    {
        "stage": ["FILL", "FILL", "FILL", "QA"],
        "entered_at": pd.to_datetime([NINE, TEN, ELEVEN + 2 * QUARTER, NINE]),
        "left_at": pd.to_datetime([ELEVEN, None, ELEVEN + 3 * QUARTER, None]),
    }
)


def test_every_defect_has_one_consequence():
    placed = [name for _, _, names in CONSEQUENCES.values() for name in names]
    assert sorted(placed) == sorted({item.name for item in fields(DefectRates)} - {"late_over_day"})


def test_bars_are_as_long_as_there_are_injections():
    figure = defect_bars(pd.Series({"late": 30, "missing_scan": 7, "poison": 2}))
    assert {name: count for bar in figure.data for name, count in zip(bar.y, bar.x, strict=True)} == {
        "late": 30,
        "missing scan": 7,
        "poison": 2,
    }


def test_an_order_is_in_a_stage_from_its_entry_until_it_leaves():
    hours = pd.date_range("2026-11-17 08:00", "2026-11-17 12:00", freq="h", tz="UTC")
    assert in_stage(VISITS, "FILL", hours) == [0, 1, 2, 1, 1]


def test_the_queue_is_drawn_around_the_disturbance():
    figure = queue_plot(VISITS.iloc[:0], VISITS, "FILL", BEGINS, ENDS, "Where?")
    usual, disturbed = figure.data
    assert max(usual.y) == 0 and max(disturbed.y) == 2
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (BEGINS.isoformat(), ENDS.isoformat())


def test_without_data_the_figures_say_so():
    assert "No defect" in defect_bars(pd.Series(dtype=int)).layout.annotations[0].text
    empty = queue_plot(VISITS, VISITS.iloc[:0], "FILL", BEGINS, ENDS, "Where?")
    assert "No order" in empty.layout.annotations[0].text
