"""Charts put together without plotly are what plotly would make of them."""

import json

import numpy as np
import pytest

from pbm360.figures.chart import Chart
from pbm360.figures.style import empty_chart, standing_alone, styled_chart


def small_chart():
    chart = Chart().add_bar(x=["a", "b"], y=[np.int64(1), 2.5], name="bars").add_scatter(x=["a"], y=[np.float64(2)])
    chart.update_layout(barmode="stack").update_xaxes(title={"text": "what"}).update_xaxes(title={"font": {"size": 9}})
    return styled_chart(chart.add_vline(x=1, line={"width": 1}), "Why?", "since", height=300)


@pytest.mark.parametrize("chart", [small_chart(), empty_chart("Why?", "Nothing")], ids=["full", "empty"])
def test_the_json_is_that_of_plotlys_own_figure(chart):
    plain, checked = json.loads(chart.to_json()), json.loads(chart.figure().to_json())
    del checked["layout"]["template"]
    assert plain == checked


def test_changes_are_merged_whatever_their_depth():
    title = small_chart().layout["xaxis"]["title"]
    assert title["text"] == "what"
    assert title["font"]["size"] == 12  # the shared look comes last


def test_what_plotly_does_not_know_is_refused_where_it_is_checked():
    with pytest.raises(ValueError, match="colour"):
        Chart().add_bar(x=[1], colour="red").figure()


def test_a_chart_alone_is_a_figure_with_room_for_its_title():
    assert standing_alone(small_chart(), height=360).layout.height == 360
