"""Publishing a simulation to the real topic, its truth to the real warehouse."""

import datetime
import threading
import uuid
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from pbm360 import broker
from pbm360.domain.envelope import to_microseconds
from pbm360.simulate import SimulationParameters, simulate
from pbm360.simulate.messages import Message
from pbm360.simulate.publish import due_batches, publish_history, publish_live

SECOND = datetime.timedelta(seconds=1)


def message(text: str, observed_at: datetime.datetime) -> Message:
    return Message(text.encode(), {"source": "oms"}, to_microseconds(observed_at))


def test_what_is_due_comes_at_once_and_what_is_not_waits_for_its_time():
    now = datetime.datetime.now(datetime.UTC)
    past = [message(f"past {number}", now - (1300 - number) * SECOND) for number in range(1200)]
    soon = message("soon", now + 0.4 * SECOND)
    never = message("never", now + 3600 * SECOND)
    stop_event, received = threading.Event(), []
    for batch in due_batches(iter([*past, soon, never]), stop_event):
        assert batch[-1].observed_at <= datetime.datetime.now(datetime.UTC)
        received += batch
        if soon in batch:
            stop_event.set()
    assert received == [*past, soon]


def test_messages_of_one_instant_are_never_split():
    instant = datetime.datetime.now(datetime.UTC) - SECOND
    stop_event = threading.Event()
    messages = [message(str(number), instant) for number in range(700)]
    batches = due_batches(iter([*messages, message("never", instant + 3600 * SECOND)]), stop_event)
    assert next(batches) == messages


def test_a_stopped_trickle_yields_nothing():
    stop_event = threading.Event()
    stop_event.set()
    instant = datetime.datetime.now(datetime.UTC) - SECOND
    assert list(due_batches(iter([message("a", instant)]), stop_event)) == []


@pytest.fixture
def topic_settings(stack_settings, warehouse):
    """Settings of a topic of one test's own, and the module's warehouse."""
    names = {
        name: f"simulate-{uuid.uuid4().hex[:8]}-{name.replace('_', '-')}"
        for name in ("topic", "subscription", "dead_letter_topic", "dead_letter_subscription")
    }
    own = replace(stack_settings, project=warehouse.settings.project, **names)
    broker.ensure_topics(own)
    return own


def pull_all(settings, count: int) -> list[tuple[bytes, dict]]:
    """Pull until nothing comes; returns (payload, attributes) pairs."""
    received = []
    while len(received) < count:
        messages = broker.pull(settings, settings.subscription, 1000, 10)
        assert messages, f"only {len(received)} of {count} messages came"
        broker.acknowledge(settings, settings.subscription, [item.ack_id for item in messages])
        received += [(item.data, dict(item.attributes)) for item in messages]
    assert broker.pull(settings, settings.subscription, 1000, 0.5) == []
    return received


def countable(pairs) -> Counter:
    return Counter((payload, tuple(sorted(attributes.items()))) for payload, attributes in pairs)


def test_a_history_reaches_the_topic_whole_and_its_truth_the_warehouse(topic_settings, warehouse, end):
    simulation = simulate(SimulationParameters(orders=200, days=5, end=end, seed=11))
    told = []
    counts = publish_history(topic_settings, simulation, progress=told.append)
    expected = [(item.payload, item.attributes) for item in simulation.messages()]
    assert countable(pull_all(topic_settings, len(expected))) == countable(expected)
    assert (counts.messages, told[-1]) == (len(expected), len(expected))
    assert counts.orders == len(simulation.truth_orders())
    assert counts.defects == Counter(row["defect"] for row in simulation.truth_defects())
    assert {row["order_id"] for row in truth_rows(warehouse, simulation)} == {
        row["order_id"] for row in simulation.truth_orders()
    }


def test_a_trickle_goes_on_where_the_history_ended_until_it_is_told_to_stop(topic_settings, warehouse):
    end = datetime.datetime.now(datetime.UTC) - 5 * SECOND
    simulation = simulate(SimulationParameters(orders=300, days=5, end=end, seed=12))
    stop_event, rate = threading.Event(), 3600.0
    published = publish_live(
        topic_settings, simulation, rate, stop_event, progress=lambda count: count >= 40 and stop_event.set()
    )
    expected = [(item.payload, item.attributes) for item in islice(simulation.live_messages(rate), published)]
    assert published >= 40
    assert countable(pull_all(topic_settings, published)) == countable(expected)
    last = list(islice(simulation.live_messages(rate), published))[-1].observed_at
    event_counts = {row["order_id"]: row["event_count"] for row in simulation.truth_orders(last, rate)}
    assert {row["order_id"]: row["event_count"] for row in truth_rows(warehouse, simulation)} == event_counts


def truth_rows(warehouse, simulation) -> list[dict]:
    row_filter = f"simulation_id = '{simulation.simulation_id}'"
    return warehouse.read_table("truth.orders", row_filter=row_filter).to_pylist()
