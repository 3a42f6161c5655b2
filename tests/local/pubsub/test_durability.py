"""What survives: the server is killed or stopped and started again on the same folder."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from google.api_core import exceptions


def payloads(received: list) -> set[bytes]:
    return {message.message.data for message in received}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_unacknowledged_messages_survive_and_acknowledged_ones_stay_away(start, make_clients, number):
    server = start()
    clients = make_clients(server.endpoint)
    topic = clients.topic()
    subscription = clients.subscription(topic, ack_deadline_seconds=33)
    clients.publish(topic, b"settled", b"out", b"waiting")
    received = clients.pull_until(subscription, 2)
    clients.acknowledge(subscription, [message for message in received if message.message.data == b"settled"])
    server.stop(number)

    clients = make_clients(start().endpoint)
    found = clients.subscriber.get_subscription(subscription=subscription)
    assert (found.topic, found.ack_deadline_seconds) == (topic, 33)
    again = clients.pull_until(subscription, 2)
    assert payloads(again) == {b"out", b"waiting"}
    clients.publish(topic, b"new")
    assert payloads(clients.pull(subscription)) == {b"new"}


def test_every_answered_publish_survives_a_kill_in_full_flow(start, make_clients):
    server = start()
    clients = make_clients(server.endpoint)
    topic = clients.topic()
    subscription = clients.subscription(topic)
    answered: set[str] = set()
    killer = threading.Timer(0.7, server.process.kill)
    killer.start()
    try:
        while True:
            response = clients.publisher.transport.publish(
                _request(topic, 50), timeout=5
            )  # below the client, which would try again for ten minutes
            answered.update(response.message_ids)
    except Exception as error:
        assert "UNAVAILABLE" in str(error) or "CANCELLED" in str(error), error
    killer.join()
    server.process.wait(10)
    assert answered

    clients = make_clients(start().endpoint)
    received: set[str] = set()
    while found := clients.pull_now(subscription, 1000):
        clients.acknowledge(subscription, found)
        received.update(message.message.message_id for message in found)
    assert answered <= received


def test_an_ack_id_from_before_a_restart_still_settles(start, make_clients):
    server = start()
    clients = make_clients(server.endpoint)
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"slow work")
    received = clients.pull(subscription)
    server.stop(signal.SIGKILL)

    clients = make_clients(start().endpoint)
    clients.acknowledge(subscription, received)
    assert clients.pull_now(subscription) == []


def test_message_ids_are_never_given_twice(start, make_clients):
    server = start()
    clients = make_clients(server.endpoint)
    topic = clients.topic()
    first = clients.publish(topic, b"one", b"two")
    server.stop()
    clients = make_clients(start().endpoint)
    assert not set(first) & set(clients.publish(topic, b"three", b"four"))


def test_deleted_resources_stay_deleted_and_leave_no_files(start, make_clients, tmp_path):
    server = start()
    clients = make_clients(server.endpoint)
    topic = clients.topic()
    subscription = clients.subscription(topic)
    clients.publish(topic, b"gone")
    clients.publisher.delete_topic(topic=topic)
    clients.subscriber.delete_subscription(subscription=subscription)
    server.stop(signal.SIGKILL)
    clients = make_clients(start().endpoint)
    with pytest.raises(exceptions.NotFound):
        clients.publisher.get_topic(topic=topic)
    assert list((tmp_path / "data" / "topics").glob("*")) == []
    assert list((tmp_path / "data" / "subscriptions").glob("*")) == []


def test_a_stop_ends_waiting_pulls_and_streams_and_removes_the_ready_file(start, make_clients, tmp_path):
    server = start()
    clients = make_clients(server.endpoint)
    subscription = clients.subscription(clients.topic())
    stream = clients.subscriber.subscribe(subscription, lambda message: message.ack())
    assert server.stop() == 0
    assert not (tmp_path / "data.ready.json").exists()
    stream.cancel()


def test_a_second_server_on_the_same_folder_is_refused(start, tmp_path):
    start()
    command = [sys.executable, "-m", "pbm360.local.pubsub", "--data-dir", str(tmp_path / "data")]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert finished.returncode != 0
    assert "another Pub/Sub server has" in finished.stderr


def _request(topic: str, count: int):
    from google.pubsub_v1.types import PublishRequest, PubsubMessage

    return PublishRequest(topic=topic, messages=[PubsubMessage(data=b"x" * 200)] * count)
