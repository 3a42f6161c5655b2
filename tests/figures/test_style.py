"""The shared look."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pbm360.figures.style import STATUSES, carrier_name, duration_text, instant_text

CHART_SCRIPT = Path(__file__).parents[2] / "lib/pbm360/widgets/plot.js"
STYLE_SHEET = Path(__file__).parents[2] / "dashboards/template/voila/templates/pbm360/static/pbm360.css"


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.5, "30 min"), (-0.25, "-15 min"), (4.25, "4.2 h"), (47.9, "47.9 h"), (60, "2.5 d"), (24_000, "1,000 d")],
)
def test_a_duration_is_told_in_the_unit_that_people_use(hours, text):
    assert duration_text(hours) == text


def test_an_instant_is_told_to_the_second_and_an_unknown_one_is_not():
    assert instant_text(pd.Timestamp("2026-11-28T13:05:07.9Z")) == "2026-11-28T13:05:07+00:00"
    assert instant_text(pd.NaT) is instant_text(None) is None


def test_the_page_and_the_charts_give_a_state_the_same_colour():
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in STYLE_SHEET.read_text().split("dark)", 1)
    )
    assert {name: light[name] for name in STATUSES} == {name: status.colour for name, status in STATUSES.items()}
    swapped = dict(re.findall(r'"(#[0-9a-f]{6})": "(#[0-9a-f]{6})"', CHART_SCRIPT.read_text()))
    in_the_dark = {name: swapped.get(status.colour, status.colour) for name, status in STATUSES.items()}
    assert {name: dark[name] for name in STATUSES} == in_the_dark


def test_no_state_is_told_by_colour_alone():
    assert len({status.sign for status in STATUSES.values()}) == len(STATUSES)
    assert len({status.colour for status in STATUSES.values()}) == len(STATUSES)


def test_states_differ_in_lightness_too():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    ordered = sorted(lightness(STATUSES[name].colour) for name in ("breached", "on_track", "at_risk"))
    assert ordered[1] - ordered[0] > 60


def test_a_carrier_that_is_not_known_keeps_its_code():
    assert (carrier_name("ups"), carrier_name("ontrac"), carrier_name(None)) == ("UPS", "ontrac", "No carrier yet")
