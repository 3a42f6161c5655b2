"""The share of the allowed time that open orders have used."""

from pbm360.figures.ageing import BANDS, ageing, count_by_used_share
from pbm360.figures.style import STATUSES
from tests.figures.order_frames import delivered_order, open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 6, 24),
    open_order("A2", 12, 24),
    open_order("A3", 19.2, 24),
    open_order("A4", 24, 24),
    open_order("A5", 24.1, 24),
    open_order("A6", 240, 24),
    open_order("A7", None, None),
    delivered_order("A8", 1, True),
)


def test_the_upper_bound_of_a_band_belongs_to_it():
    assert count_by_used_share(ORDERS).to_dict() == {
        "to 25 %": 1,
        "25–50 %": 1,
        "50–80 %": 1,
        "80–100 %": 1,
        "1–2 ×": 1,
        "2–5 ×": 0,
        "over 5 ×": 1,
    }


def test_each_band_has_the_colour_of_its_state():
    figure = ageing(ORDERS).figure()
    colours = {band: trace.marker.color for trace in figure.data for band in trace.x}
    assert colours == {label: STATUSES[status].colour for _, label, status in BANDS}
    assert figure.layout.title.subtitle.text == "1 have used more than twice the time that their stage allows"


def test_no_open_orders_are_said_to_be_none():
    assert ageing(orders_frame()).figure().layout.annotations[0].text == "No open orders match"
