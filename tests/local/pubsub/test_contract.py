"""What the stock client sees: the same on the laptop's server and on the official emulator where one is named."""

from __future__ import annotations

import datetime
import threading
import time

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.protobuf import duration_pb2, field_mask_pb2
from google.pubsub_v1 import PublisherClient


def payloads(received: list) -> list[bytes]:
    return [message.message.data for message in received]


def test_a_published_message_arrives_whole(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    (message_id,) = clients.publish(topic, "référence \x00".encode(), source="oms", observed_at="2026-11-20T00:00:00Z")
    (received,) = clients.pull(subscription)
    assert received.message.data == "référence \x00".encode()
    assert dict(received.message.attributes) == {"source": "oms", "observed_at": "2026-11-20T00:00:00Z"}
    assert received.message.message_id == message_id
    age = datetime.datetime.now(datetime.UTC) - received.message.publish_time
    assert abs(age) < datetime.timedelta(minutes=1)
    assert received.delivery_attempt == 0


def test_attributes_without_data_are_a_message(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"", kind="heartbeat")
    assert dict(clients.pull(subscription)[0].message.attributes) == {"kind": "heartbeat"}


def test_message_ids_of_a_request_are_distinct_and_in_its_order(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    messages = [pubsub_v1.types.PubsubMessage(data=b"%d" % number) for number in range(300)]
    ids = publish_request(clients, topic, messages)
    received = clients.pull_until(subscription, 300)
    assert {message.message.message_id: message.message.data for message in received} == dict(
        zip(ids, [message.data for message in messages], strict=True)
    )


def test_an_acknowledged_message_does_not_come_again(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"once")
    received = clients.pull(subscription)
    clients.set_deadline(subscription, received, 1)
    clients.acknowledge(subscription, received)
    time.sleep(1.5)
    assert clients.pull_now(subscription) == []


def test_a_returned_message_comes_again_at_once(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    (message_id,) = clients.publish(topic, b"again")
    clients.set_deadline(subscription, clients.pull(subscription), 0)
    (received,) = clients.pull(subscription)
    assert received.message.message_id == message_id


def test_a_message_comes_again_after_its_deadline_and_not_before(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"late")
    clients.set_deadline(subscription, clients.pull(subscription), 2)
    assert clients.pull_now(subscription) == []
    assert payloads(clients.pull(subscription)) == [b"late"]


def test_a_longer_deadline_keeps_a_message_away(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"held")
    received = clients.pull(subscription)
    clients.set_deadline(subscription, received, 1)
    clients.set_deadline(subscription, received, 60)
    time.sleep(1.5)
    assert clients.pull_now(subscription) == []


def test_a_late_acknowledgement_is_not_an_error(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"slow")
    received = clients.pull(subscription)
    clients.set_deadline(subscription, received, 0)
    clients.acknowledge(subscription, received)
    clients.acknowledge(subscription, received)


def test_a_subscription_sees_what_is_published_after_it_was_made(clients):
    topic = clients.topic()
    clients.publish(topic, b"before")
    subscription = clients.subscription(topic)
    clients.publish(topic, b"after")
    assert payloads(clients.pull(subscription)) == [b"after"]


def test_every_subscription_gets_every_message(clients):
    topic = clients.topic()
    first, second = clients.subscription(topic), clients.subscription(topic)
    clients.publish(topic, b"both")
    clients.acknowledge(first, clients.pull(first))
    assert payloads(clients.pull(second)) == [b"both"]


def test_subscribers_of_one_subscription_share_its_messages(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, *[b"%d" % number for number in range(10)])
    first, second = clients.pull_until(subscription, 5), clients.pull_until(subscription, 5)
    assert sorted(payloads(first) + payloads(second)) == [b"%d" % number for number in range(10)]


def test_a_waiting_pull_is_answered_as_soon_as_a_message_comes(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    timer = threading.Timer(0.3, clients.publish, (topic, b"news"))
    timer.start()
    assert payloads(clients.pull(subscription)) == [b"news"]
    timer.join()


def test_the_stock_subscriber_receives_and_acknowledges_every_message(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    futures = [clients.publisher.publish(topic, b"%d" % number) for number in range(2000)]
    expected = {future.result(20) for future in futures}
    received, is_complete = set(), threading.Event()

    def take(message) -> None:
        received.add(message.message_id)
        message.ack()
        if received >= expected:
            is_complete.set()

    stream = clients.subscriber.subscribe(subscription, take)
    assert is_complete.wait(30)
    clients.publish(topic, b"one more")
    stream.cancel()
    stream.result(20)
    assert expected <= received


def test_a_message_that_the_callback_returns_comes_again_on_the_stream(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    deliveries, is_complete = [], threading.Event()

    def take(message) -> None:
        deliveries.append(message.data)
        if len(deliveries) < 3:
            message.nack()
        else:
            message.ack()
            is_complete.set()

    stream = clients.subscriber.subscribe(subscription, take)
    clients.publish(topic, b"third time")
    assert is_complete.wait(20)
    stream.cancel()
    stream.result(20)
    assert deliveries == [b"third time"] * 3


def test_messages_of_one_key_come_in_the_order_of_publishing(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic, enable_message_ordering=True)
    for key in ("order-1", "order-2"):
        clients.publish_in_order(topic, key, *[b"%d" % number for number in range(20)])
    arrived: dict[str, list[bytes]] = {"order-1": [], "order-2": []}
    is_complete = threading.Event()

    def take(message) -> None:
        arrived[message.ordering_key].append(message.data)
        message.ack()
        if sum(map(len, arrived.values())) == 40:
            is_complete.set()

    stream = clients.subscriber.subscribe(subscription, take)
    assert is_complete.wait(30)
    stream.cancel()
    stream.result(20)
    assert arrived == {key: [b"%d" % number for number in range(20)] for key in arrived}


def test_returned_messages_of_one_key_come_again_in_order(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic, enable_message_ordering=True)
    clients.publish_in_order(topic, "order-1", b"1", b"2", b"3")
    clients.set_deadline(subscription, clients.pull_until(subscription, 3), 0)
    assert payloads(clients.pull_until(subscription, 3)) == [b"1", b"2", b"3"]


def test_later_messages_of_a_key_wait_while_an_earlier_one_is_out(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic, enable_message_ordering=True)
    clients.publish_in_order(topic, "order-1", b"1")
    first = clients.pull(subscription)
    clients.publish_in_order(topic, "order-1", b"2")
    clients.publish_in_order(topic, "order-2", b"other")
    assert payloads(clients.pull(subscription)) == [b"other"]
    assert clients.pull_now(subscription) == []
    clients.acknowledge(subscription, first)
    assert payloads(clients.pull(subscription)) == [b"2"]


def test_a_message_that_failed_five_times_goes_to_the_dead_letter_topic(clients):
    topic, dead_letter_topic = clients.topic(), clients.topic()
    review = clients.subscription(dead_letter_topic)
    policy = {"dead_letter_topic": dead_letter_topic, "max_delivery_attempts": 5}
    subscription = clients.subscription(topic, dead_letter_policy=policy)
    clients.publish(topic, b"poison", source="oms")
    attempts = []
    for _ in range(5):
        received = clients.pull(subscription)
        attempts += [message.delivery_attempt for message in received]
        clients.set_deadline(subscription, received, 0)
    assert attempts == [1, 2, 3, 4, 5]
    assert clients.pull_now(subscription) == []
    (dead,) = clients.pull(review, timeout=20)
    assert (dead.message.data, dead.message.attributes["source"]) == (b"poison", "oms")
    _, project, _, subscription_id = subscription.split("/")
    assert {key: value for key, value in dead.message.attributes.items() if not key.endswith("PublishTime")} == {
        "source": "oms",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": subscription_id,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
    }
    assert "CloudPubSubDeadLetterSourceTopicPublishTime" in dead.message.attributes


def test_a_subscription_whose_topic_is_deleted_keeps_its_messages(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"left over")
    clients.publisher.delete_topic(topic=topic)
    assert clients.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    assert payloads(clients.pull(subscription)) == [b"left over"]
    with pytest.raises(exceptions.NotFound):
        clients.publisher.get_topic(topic=topic)


def test_a_new_topic_of_an_old_name_is_another_topic(clients):
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publisher.delete_topic(topic=topic)
    clients.publisher.create_topic(name=topic)
    clients.publish(topic, b"new life")
    assert clients.pull_now(subscription) == []


def test_defaults_of_a_subscription_are_filled_in(clients):
    topic = clients.topic()
    found = clients.subscriber.get_subscription(subscription=clients.subscription(topic))
    assert (found.topic, found.ack_deadline_seconds) == (topic, 10)
    assert found.message_retention_duration == datetime.timedelta(days=7)
    assert not found.enable_message_ordering


def test_defaults_of_the_policies_are_filled_in(clients):
    topic = clients.topic()
    name = clients.subscription(topic, dead_letter_policy={"dead_letter_topic": topic}, retry_policy={})
    found = clients.subscriber.get_subscription(subscription=name)
    assert found.dead_letter_policy.max_delivery_attempts == 5
    assert found.retry_policy.minimum_backoff == datetime.timedelta(seconds=10)
    assert found.retry_policy.maximum_backoff == datetime.timedelta(seconds=600)


def test_a_subscriptions_ack_deadline_can_be_changed(clients):
    name = clients.subscription(clients.topic())
    changed = clients.subscriber.update_subscription(
        subscription={"name": name, "ack_deadline_seconds": 45},
        update_mask=field_mask_pb2.FieldMask(paths=["ack_deadline_seconds"]),
    )
    assert changed.ack_deadline_seconds == 45
    assert clients.subscriber.get_subscription(subscription=name).ack_deadline_seconds == 45


def test_lists_name_what_was_made(clients):
    topic = clients.topic()
    names = sorted(clients.subscription(topic) for _ in range(3))
    assert topic in [found.name for found in clients.publisher.list_topics(project="projects/pbm-contract")]
    found = [item.name for item in clients.subscriber.list_subscriptions(project="projects/pbm-contract")]
    assert set(names) <= set(found)
    assert sorted(clients.publisher.list_topic_subscriptions(topic=topic)) == names


def test_a_deleted_subscription_is_gone(clients):
    name = clients.subscription(clients.topic())
    clients.subscriber.delete_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        clients.subscriber.get_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        clients.pull(name)


def test_what_exists_is_not_made_twice(clients):
    topic = clients.topic()
    name = clients.subscription(topic)
    with pytest.raises(exceptions.AlreadyExists):
        clients.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.AlreadyExists):
        clients.subscriber.create_subscription(request={"name": name, "topic": topic})


def test_what_is_missing_is_not_found(clients):
    topic, name = clients.topic_name(), clients.subscription_name()
    calls = [
        lambda: clients.publisher.get_topic(topic=topic),
        lambda: clients.publisher.delete_topic(topic=topic),
        lambda: clients.publish(topic, b"x"),
        lambda: clients.subscriber.create_subscription(request={"name": name, "topic": topic}),
        lambda: clients.subscriber.get_subscription(subscription=name),
        lambda: clients.subscriber.delete_subscription(subscription=name),
        lambda: clients.pull(name),
        lambda: clients.subscriber.acknowledge(subscription=name, ack_ids=["1"]),
        lambda: list(clients.subscriber.subscribe(name, print).result(20)),
    ]
    for call in calls:
        with pytest.raises(exceptions.NotFound):
            call()


def test_requests_that_are_wrong_by_themselves_are_invalid(clients):
    topic = clients.topic()
    name = clients.subscription(topic)

    def make(**fields):
        request = {"name": clients.subscription_name(), "topic": topic, **fields}
        return clients.subscriber.create_subscription(request=request)

    calls = {
        "short name": lambda: clients.publisher.create_topic(name="projects/pbm-contract/topics/1"),
        "reserved name": lambda: clients.publisher.create_topic(name="projects/pbm-contract/topics/google"),
        "no path": lambda: clients.publisher.create_topic(name="topic"),
        "empty message": lambda: clients.publish(topic, b""),
        "no messages": lambda: publish_request(clients, topic, []),
        "too many messages": lambda: publish_request(clients, topic, [{"data": b"x"}] * 1001),
        "no ack ids": lambda: clients.subscriber.acknowledge(subscription=name, ack_ids=[]),
        "bad ack id": lambda: clients.subscriber.acknowledge(subscription=name, ack_ids=["nonsense"]),
        "no messages asked": lambda: clients.pull(name, 0),
        "negative deadline": lambda: clients.subscriber.modify_ack_deadline(
            subscription=name, ack_ids=["1"], ack_deadline_seconds=-1
        ),
        "long deadline": lambda: make(ack_deadline_seconds=601),
        "long backoff": lambda: make(retry_policy={"minimum_backoff": duration_pb2.Duration(seconds=601)}),
        "short retention": lambda: make(message_retention_duration=duration_pb2.Duration(seconds=60)),
        "fixed field": lambda: clients.subscriber.update_subscription(
            subscription={"name": name, "enable_message_ordering": True},
            update_mask=field_mask_pb2.FieldMask(paths=["enable_message_ordering"]),
        ),
        "unknown field": lambda: clients.subscriber.update_subscription(
            subscription={"name": name}, update_mask=field_mask_pb2.FieldMask(paths=["nonsense"])
        ),
        "no mask": lambda: clients.subscriber.update_subscription(subscription={"name": name}),
    }
    for what, call in calls.items():
        with pytest.raises(exceptions.InvalidArgument):
            call()
            pytest.fail(f"{what} was accepted")


def test_too_few_delivery_attempts_are_out_of_range(clients):
    topic = clients.topic()
    with pytest.raises(exceptions.OutOfRange):
        clients.subscription(topic, dead_letter_policy={"dead_letter_topic": topic, "max_delivery_attempts": 4})


def publish_request(clients, topic: str, messages: list) -> list[str]:
    """Publish one request as it is, past the client's batching."""
    api = PublisherClient(transport=clients.publisher.transport)
    return list(api.publish(topic=topic, messages=messages).message_ids)
