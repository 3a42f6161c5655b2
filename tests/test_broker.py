"""The broker against the laptop's Pub/Sub, and against another one where PUBSUB_EMULATOR_HOST names it."""

from __future__ import annotations

import datetime
import itertools
import os
import socket
from dataclasses import replace

import pytest

from pbm360 import broker
from pbm360.settings import Settings, SettingsError

EMULATOR = os.environ.get("PUBSUB_EMULATOR_HOST", "")
_numbers = itertools.count()


@pytest.fixture(params=["laptop", *(["emulator"] if EMULATOR else [])])
def settings(request) -> Settings:
    """Settings of a project of the test's own, its topics made."""
    endpoint = EMULATOR if request.param == "emulator" else request.getfixturevalue("pubsub_server")["endpoint"]
    found = Settings(project=f"broker-{os.getpid()}-{next(_numbers)}", pubsub_endpoint=endpoint)
    broker.ensure_topics(found)
    return found


def take(settings: Settings, subscription: str, count: int) -> list[broker.ReceivedMessage]:
    """Pull until `count` messages came; more than that at once stays visible."""
    received: list[broker.ReceivedMessage] = []
    while len(received) < count:
        some = broker.pull(settings, subscription, 1000, 10)
        assert some, f"{count} messages were expected, {len(received)} came"
        received += some
    return received


def test_published_message_arrives_whole_and_once_acknowledged_is_gone(settings):
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=2)
    assert broker.publish_batches(settings, settings.topic, [(b"\x00\xff", {"source": "pharmacy", "é": "ü"})]) == 1
    (message,) = take(settings, settings.subscription, 1)
    assert message.data == b"\x00\xff"
    assert message.attributes == {"source": "pharmacy", "é": "ü"}
    assert message.message_id.isdigit()
    assert before < message.publish_time < datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    broker.acknowledge(settings, settings.subscription, [message.ack_id])
    assert broker.pull(settings, settings.subscription, 10, 1) == []


def test_topics_can_be_ensured_again_and_keep_their_messages(settings):
    broker.publish_batches(settings, settings.topic, [(b"kept", {})])
    broker.ensure_topics(settings)
    assert [message.data for message in take(settings, settings.subscription, 1)] == [b"kept"]


def test_dead_letters_have_a_topic_and_a_subscription_of_their_own(settings):
    broker.publish_batches(settings, settings.dead_letter_topic, [(b"refused", {"reason_code": "malformed_json"})])
    (message,) = take(settings, settings.dead_letter_subscription, 1)
    assert (message.data, message.attributes) == (b"refused", {"reason_code": "malformed_json"})
    assert broker.pull(settings, settings.subscription, 10, 1) == []


def test_stream_subscription_gives_a_minute_to_acknowledge(settings):
    path = broker.subscription_path(settings, settings.subscription)
    assert broker.subscriber(settings).get_subscription(subscription=path).ack_deadline_seconds == 60


def test_subscription_that_reads_another_topic_is_refused_by_name(settings):
    moved = replace(settings, topic="other-events")
    with pytest.raises(
        broker.BrokerError, match="orders-events-stream reads .*/orders-events, expected .*/other-events"
    ):
        broker.ensure_topics(moved)


def test_more_messages_than_a_request_holds_arrive_all(settings):
    payloads = [b"%d" % number for number in range(2_500)]
    assert broker.publish_batches(settings, settings.topic, ((payload, {}) for payload in payloads)) == 2_500
    received = take(settings, settings.subscription, 2_500)
    assert sorted(message.data for message in received) == sorted(payloads)
    assert len({message.message_id for message in received}) == 2_500
    broker.acknowledge(settings, settings.subscription, [message.ack_id for message in received])
    assert broker.pull(settings, settings.subscription, 10, 1) == []


def test_more_bytes_than_a_request_holds_arrive_all(settings):
    payloads = [bytes([number]) * 3_000_000 for number in range(5)]
    assert broker.publish_batches(settings, settings.topic, [(payload, {}) for payload in payloads]) == 5
    received = take(settings, settings.subscription, 5)
    assert sorted(message.data for message in received) == payloads


def test_message_given_back_arrives_again(settings):
    broker.publish_batches(settings, settings.topic, [(b"again", {})])
    (first,) = take(settings, settings.subscription, 1)
    broker.extend(settings, settings.subscription, [first.ack_id], 0)
    (second,) = take(settings, settings.subscription, 1)
    assert (second.message_id, second.data) == (first.message_id, b"again")
    assert second.ack_id != first.ack_id


def test_extended_message_is_not_given_back(settings):
    broker.publish_batches(settings, settings.topic, [(b"working", {})])
    (message,) = take(settings, settings.subscription, 1)
    broker.extend(settings, settings.subscription, [message.ack_id], 600)
    assert broker.pull(settings, settings.subscription, 10, 1) == []


def test_nothing_to_publish_acknowledge_or_extend_is_no_request(settings):
    assert broker.publish_batches(settings, settings.topic, []) == 0
    broker.acknowledge(settings, settings.subscription, [])
    broker.extend(settings, settings.subscription, [], 60)


def test_unknown_topic_and_subscription_are_named(settings):
    with pytest.raises(
        broker.BrokerError, match=r"publishing 1 messages to .*/no-such-topic failed .* `pbm360 up` makes"
    ):
        broker.publish_batches(settings, "no-such-topic", [(b"lost", {})])
    with pytest.raises(broker.BrokerError, match=r"pulling from no-such-subscription failed .* `pbm360 up` makes"):
        broker.pull(settings, "no-such-subscription", 1, 5)
    with pytest.raises(broker.BrokerError, match=r"acknowledging 1 messages of no-such-subscription failed"):
        broker.acknowledge(settings, "no-such-subscription", ["x"])
    with pytest.raises(
        broker.BrokerError, match=r"moving the ack deadline of 1 messages of no-such-subscription failed"
    ):
        broker.extend(settings, "no-such-subscription", ["x"], 60)


def test_message_without_data_and_attributes_is_refused(settings):
    with pytest.raises(broker.BrokerError, match="publishing 1 messages to .*/orders-events failed"):
        broker.publish_batches(settings, settings.topic, [(b"", {})])


def test_progress_is_told_how_many_are_out_in_all(settings):
    told: list[int] = []
    broker.publish_batches(settings, settings.topic, [(b"x", {})] * 250, 100, told.append)
    assert told == [100, 200, 250]


@pytest.mark.parametrize("batch_size", [0, 1001])
def test_batch_size_outside_the_limits_is_refused(settings, batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be between 1 and 1000; got {batch_size}"):
        broker.publish_batches(settings, settings.topic, [(b"x", {})], batch_size)


def test_missing_endpoint_says_how_to_start_the_stack():
    unknown = Settings()
    for use in (
        lambda: broker.ensure_topics(unknown),
        lambda: broker.publish_batches(unknown, unknown.topic, [(b"x", {})]),
        lambda: broker.pull(unknown, unknown.subscription, 1, 1),
        lambda: broker.acknowledge(unknown, unknown.subscription, ["x"]),
        lambda: broker.extend(unknown, unknown.subscription, ["x"], 60),
    ):
        with pytest.raises(SettingsError, match="pbm360 up"):
            use()


def test_server_that_is_away_raises_what_helps_and_is_not_taken_for_silence(monkeypatch):
    monkeypatch.setattr(broker, "RETRY", broker.RETRY.with_timeout(1))
    with socket.socket() as reserved:  # bound but not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        away = Settings(pubsub_endpoint=f"127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(
            broker.BrokerError, match="pulling from orders-events-stream failed .* `pbm360 up` starts it"
        ):
            broker.pull(away, away.subscription, 1, 1)
        with pytest.raises(broker.BrokerError, match="publishing 1 messages to .* `pbm360 up` starts it"):
            broker.publish_batches(away, away.topic, [(b"x", {})])


def test_settings_of_one_server_share_their_clients(settings):
    assert broker.publisher(settings) is broker.publisher(replace(settings, project="another-project"))
    assert broker.subscriber(settings) is broker.subscriber(replace(settings, topic="another-topic"))


@pytest.mark.parametrize(
    ("sizes", "batch_size", "expected"),
    [
        ([10] * 5, 2, [2, 2, 1]),
        ([4_000_000, 4_000_000, 4_000_000], 1000, [2, 1]),
        ([1, 9_500_000, 1], 1000, [1, 1, 1]),  # a message that is too large goes alone, so that the refusal is its own
        ([], 1000, []),
    ],
)
def test_batches_are_bounded_in_count_and_bytes(sizes, batch_size, expected):
    requests = broker._requests("topic", [(bytes(size), {}) for size in sizes], batch_size)
    assert [len(request.messages) for request in requests] == expected


@pytest.mark.parametrize(
    "attributes", [{}, {"source": "pharmacy"}, {"k" * 256: "é" * 512}, {str(n): "" for n in range(100)}]
)
def test_size_of_a_message_is_never_underestimated(attributes):
    (request,) = broker._requests("", [(b"x" * 1000, attributes)], 10)
    assert request.ByteSize() <= broker._size(b"x" * 1000, attributes)


def test_ack_ids_are_cut_below_the_size_of_a_request():
    parts = list(broker._parts("x" * 250 for _ in range(5_000)))
    assert sum(map(len, parts)) == 5_000
    requests = [broker.types.AcknowledgeRequest.pb()(subscription="s" * 300, ack_ids=part) for part in parts]
    assert max(request.ByteSize() for request in requests) <= 524_288
