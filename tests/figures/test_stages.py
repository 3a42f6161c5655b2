"""The stage board."""

from pbm360.figures.stages import count_by_stage, stage_board
from tests.figures.order_frames import STAGES, delivered_order, open_order, orders_frame

ORDERS = orders_frame(
    open_order("A1", 30, 24),
    open_order("A2", 20, 24),
    open_order("A3", 1, 24),
    open_order("A4", 2, 24),
    open_order("A5", 1, 4, stage="RECEIVED", stage_label="Received"),
    delivered_order("A6", 3, True),
)


def bars(figure):
    return {trace.name: dict(zip(trace.y, trace.x, strict=True)) for trace in figure.data if trace.type == "bar"}


def test_orders_are_counted_by_stage_and_state_in_the_order_of_the_process():
    counts = count_by_stage(ORDERS, STAGES)
    assert list(counts.index) == ["Received", "Fill"]
    assert counts.loc["Fill"].to_dict() == {"breached": 1, "at_risk": 1, "on_track": 2, "untimed": 0}
    assert counts.loc["Received"].to_dict() == {"breached": 0, "at_risk": 0, "on_track": 1, "untimed": 0}


def test_the_board_has_a_bar_for_each_state():
    figure = stage_board(ORDERS, STAGES).figure()
    assert bars(figure) == {
        "■ Breached": {"Received": 0, "Fill": 1},
        "▲ At risk": {"Received": 0, "Fill": 1},
        "● On track": {"Received": 1, "Fill": 2},
    }
    assert figure.layout.title.text == "Where are the open orders, and which are late?"
    assert figure.layout.title.subtitle.text == "5 open · 1 breached (20%) · 1 at risk (20%)"
    assert figure.layout.xaxis.title.text == "open orders"


def test_an_order_without_a_stage_stands_in_a_row_of_its_own():
    orders = orders_frame(open_order("A1", None, None, stage=None, stage_label="No stage yet"))
    figure = stage_board(orders, STAGES).figure()
    assert bars(figure)["○ No limit"] == {"Received": 0, "Fill": 0, "No stage yet": 1}


def test_no_open_orders_are_said_to_be_none():
    figure = stage_board(orders_frame(delivered_order("A6", 3, True)), STAGES).figure()
    assert not figure.data
    assert figure.layout.annotations[0].text == "No open orders match"


def test_an_empty_frame_gives_the_empty_state():
    assert stage_board(orders_frame(), STAGES).figure().layout.annotations[0].text == "No open orders match"
