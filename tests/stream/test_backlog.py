"""What the stream's benchmark streams is recent: no event is too late, and the transforms count what a loop does."""

import datetime

import orjson
import pytest

from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream.blocks import receive
from tests.benchmarks.live_events import recent
from tests.benchmarks.transforms import check_counts


@pytest.fixture(scope="module")
def history():
    """Ten days' messages."""
    end = datetime.datetime.now(datetime.UTC)
    messages = simulate(SimulationParameters(orders=150, days=10, end=end, seed=1)).messages()
    return [(message.payload, message.attributes) for message in messages], end


def test_a_pressed_history_is_counted_whole_and_its_like_of_ten_days_is_not(history):
    messages, end = history
    panes = check_counts(taken(recent(messages, 6, end), end))
    assert panes.by_minute_and_stage().total() > len(messages) / 2
    with pytest.raises(AssertionError, match="are too late to count"):
        check_counts(taken(messages, end))


def test_a_pressed_history_keeps_its_ids_its_order_and_its_refused_messages(history):
    messages, end = history
    pressed = recent(messages, 6, end)
    earliest = (end - datetime.timedelta(hours=6, minutes=1)).isoformat()
    for (payload, attributes), (before, _) in zip(pressed, messages, strict=True):
        if payload != before:
            event, old = orjson.loads(payload), orjson.loads(before)
            assert event["time"] > earliest and event | {"time": old["time"]} == old
        assert attributes["observed_at"] > earliest
    observed = [attributes["observed_at"] for _, attributes in pressed]
    assert observed == sorted(observed)


def taken(messages, end):
    now = int(end.timestamp() * 1_000_000)
    return [receive(str(number), now, attributes, body, now) for number, (body, attributes) in enumerate(messages)]
