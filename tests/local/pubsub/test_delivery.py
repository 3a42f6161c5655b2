"""Delivery on the laptop's server, where it follows the documentation more closely than the official emulator."""

from __future__ import annotations

import datetime
import threading
import time

import pytest
from google.api_core import exceptions
from google.protobuf import duration_pb2
from google.pubsub_v1 import SubscriberClient, types


class RawStream:
    """A StreamingPull without the client's own flow control: what the server sends of itself."""

    def __init__(self, clients, subscription: str, **fields):
        self._is_closed = threading.Event()
        self._later: list[types.StreamingPullRequest] = []
        self.received: list = []
        first = types.StreamingPullRequest(subscription=subscription, stream_ack_deadline_seconds=60, **fields)
        api = SubscriberClient(transport=clients.subscriber.transport)
        self._call = api.streaming_pull(requests=self._requests(first))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, **fields) -> None:
        self._later.append(types.StreamingPullRequest(**fields))

    def wait_for(self, count: int, seconds: float = 10.0) -> list[bytes]:
        deadline = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return [entry.message.data for entry in self.received]

    def close(self) -> None:
        self._is_closed.set()
        self._call.cancel()
        self._reader.join(10)

    def _requests(self, first):
        yield first
        while not self._is_closed.wait(0.01):
            while self._later:
                yield self._later.pop(0)

    def _read(self) -> None:
        try:
            for response in self._call:
                self.received.extend(response.received_messages)
        except exceptions.GoogleAPICallError as error:
            self.error = error


@pytest.fixture
def open_stream(laptop):
    """Open streams that are closed when the test ends."""
    opened = []

    def run(subscription: str, **fields) -> RawStream:
        opened.append(RawStream(laptop, subscription, **fields))
        return opened[-1]

    yield run
    for stream in opened:
        stream.close()


def test_a_stream_gets_no_more_messages_than_it_can_hold(laptop, open_stream):
    topic = laptop.topic()
    subscription = laptop.subscription(topic)
    laptop.publish(topic, *[b"%d" % number for number in range(7)])
    stream = open_stream(subscription, max_outstanding_messages=3)
    assert stream.wait_for(3) == [b"0", b"1", b"2"]
    assert [entry.message.data for entry in laptop.pull_now(subscription, 1)] == [b"3"]
    stream.send(ack_ids=[stream.received[0].ack_id])
    stream.send(modify_deadline_ack_ids=[stream.received[1].ack_id], modify_deadline_seconds=[0])
    assert sorted(stream.wait_for(5)[3:]) == [b"1", b"4"]


def test_a_stream_gets_no_more_bytes_than_it_can_hold_but_always_one_message(laptop, open_stream):
    topic = laptop.topic()
    subscription = laptop.subscription(topic)
    laptop.publish(topic, b"a" * 5000, b"b" * 300, b"c" * 300)
    stream = open_stream(subscription, max_outstanding_bytes=1000)
    assert [data[:1] for data in stream.wait_for(1)] == [b"a"]
    stream.send(ack_ids=[stream.received[0].ack_id])
    assert [data[:1] for data in stream.wait_for(3)] == [b"a", b"b", b"c"]


def test_a_key_stays_with_the_stream_that_has_its_messages(laptop, open_stream):
    topic = laptop.topic()
    subscription = laptop.subscription(topic, enable_message_ordering=True)
    first = open_stream(subscription, max_outstanding_messages=10)
    laptop.publish_in_order(topic, "order-1", b"1")
    assert first.wait_for(1) == [b"1"]
    laptop.publish_in_order(topic, "order-1", b"2")
    assert first.wait_for(2) == [b"1", b"2"]
    assert laptop.pull_now(subscription) == []


def test_a_returned_message_brings_the_later_ones_of_its_key_again(laptop):
    topic = laptop.topic()
    subscription = laptop.subscription(topic, enable_message_ordering=True)
    laptop.publish_in_order(topic, "order-1", b"1", b"2", b"3")
    received = laptop.pull_until(subscription, 3)
    laptop.acknowledge(subscription, received[2:])
    laptop.set_deadline(subscription, received[1:2], 0)
    assert laptop.pull_now(subscription) == []  # the first is still out
    laptop.acknowledge(subscription, received[:1])
    again = laptop.pull_until(subscription, 2)
    assert [entry.message.data for entry in again] == [b"2", b"3"]


def test_a_retry_policy_delays_the_redelivery(laptop):
    topic = laptop.topic()
    policy = {
        "minimum_backoff": duration_pb2.Duration(nanos=400_000_000),
        "maximum_backoff": duration_pb2.Duration(seconds=60),
    }
    subscription = laptop.subscription(topic, retry_policy=policy)
    laptop.publish(topic, b"later")
    laptop.set_deadline(subscription, laptop.pull(subscription), 0)
    assert laptop.pull_now(subscription) == []
    assert [entry.message.data for entry in laptop.pull(subscription)] == [b"later"]


def test_a_dead_letter_whose_topic_is_gone_is_delivered_on(laptop):
    topic, dead_letter_topic = laptop.topic(), laptop.topic()
    policy = {"dead_letter_topic": dead_letter_topic, "max_delivery_attempts": 5}
    subscription = laptop.subscription(topic, dead_letter_policy=policy)
    laptop.publisher.delete_topic(topic=dead_letter_topic)
    laptop.publish(topic, b"poison")
    attempts = []
    for _ in range(7):
        received = laptop.pull(subscription)
        attempts.append(received[0].delivery_attempt)
        laptop.set_deadline(subscription, received, 0)
    assert attempts == [1, 2, 3, 4, 5, 6, 7]


def test_a_stream_of_a_deleted_subscription_ends_with_not_found(laptop, open_stream):
    subscription = laptop.subscription(laptop.topic())
    stream = open_stream(subscription)
    time.sleep(0.1)
    laptop.subscriber.delete_subscription(subscription=subscription)
    stream._reader.join(10)
    assert isinstance(stream.error, exceptions.NotFound)


@pytest.mark.parametrize(
    "fields",
    [
        {"subscription": "projects/pbm-contract/subscriptions/another"},
        {"modify_deadline_ack_ids": ["1"]},
        {"modify_deadline_ack_ids": ["1"], "modify_deadline_seconds": [601]},
        {"stream_ack_deadline_seconds": 5},
        {"ack_ids": ["nonsense"]},
        {"max_outstanding_messages": 5},
    ],
)
def test_a_wrong_request_ends_the_stream_as_invalid(laptop, open_stream, fields):
    stream = open_stream(laptop.subscription(laptop.topic()))
    stream.send(**fields)
    stream._reader.join(10)
    assert isinstance(stream.error, exceptions.InvalidArgument)


def test_a_seek_to_now_leaves_only_what_comes_after(laptop):
    topic = laptop.topic()
    subscription = laptop.subscription(topic)
    laptop.publish(topic, b"1", b"2", b"3")
    out = laptop.pull(subscription, 1)
    now = datetime.datetime.now(datetime.UTC)
    laptop.subscriber.seek(request={"subscription": subscription, "time": now})
    laptop.set_deadline(subscription, out, 0)
    laptop.publish(topic, b"4")
    assert [entry.message.data for entry in laptop.pull(subscription)] == [b"4"]
    assert laptop.pull_now(subscription) == []


def test_pages_of_a_list_hold_every_name_once(laptop):
    project = "projects/pbm-pages"
    names = {laptop.publisher.create_topic(name=f"{project}/topics/page-{number:02d}").name for number in range(25)}
    sizes = [
        len(page.topics) for page in laptop.publisher.list_topics(request={"project": project, "page_size": 10}).pages
    ]
    assert sizes == [10, 10, 5]
    found = [topic.name for topic in laptop.publisher.list_topics(request={"project": project, "page_size": 7})]
    assert (set(found), len(found)) == (names, 25)


def test_labels_and_policies_can_be_changed_and_taken_away(laptop):
    topic = laptop.topic()
    subscription = laptop.subscription(topic, labels={"team": "logistics"}, retry_policy={})

    def update(paths: list[str], **fields):
        request = {"subscription": {"name": subscription, **fields}, "update_mask": {"paths": paths}}
        return laptop.subscriber.update_subscription(request=request)

    assert dict(update(["labels"], labels={"team": "claims"}).labels) == {"team": "claims"}
    changed = update(["retry_policy", "dead_letter_policy"], dead_letter_policy={"dead_letter_topic": topic})
    assert "retry_policy" not in changed
    assert changed.dead_letter_policy.max_delivery_attempts == 5
    assert dict(changed.labels) == {"team": "claims"}
