"""Start the laptop's Pub/Sub as people do, and give the tests the stock google-cloud-pubsub clients."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud import pubsub_v1

START_SECONDS = 30
PROJECT = "pbm-contract"
EMULATOR = os.environ.get("PUBSUB_EMULATOR_HOST", "")
SERVERS = ["laptop", "official emulator"] if EMULATOR else ["laptop"]
_numbers = itertools.count(time.time_ns())


@dataclass
class Clients:
    """The stock clients of one server, and names that nobody else uses."""

    endpoint: str
    publisher: pubsub_v1.PublisherClient
    ordered_publisher: pubsub_v1.PublisherClient
    subscriber: pubsub_v1.SubscriberClient

    def topic_name(self) -> str:
        return f"projects/{PROJECT}/topics/topic-{next(_numbers)}"

    def subscription_name(self) -> str:
        return f"projects/{PROJECT}/subscriptions/subscription-{next(_numbers)}"

    def topic(self) -> str:
        return self.publisher.create_topic(name=self.topic_name()).name

    def subscription(self, topic: str, **fields) -> str:
        request = {"name": self.subscription_name(), "topic": topic, **fields}
        return self.subscriber.create_subscription(request=request).name

    def publish(self, topic: str, *payloads: bytes, **attributes: str) -> list[str]:
        return [self.publisher.publish(topic, payload, **attributes).result(10) for payload in payloads]

    def publish_in_order(self, topic: str, key: str, *payloads: bytes) -> None:
        futures = [self.ordered_publisher.publish(topic, payload, ordering_key=key) for payload in payloads]
        for future in futures:
            future.result(10)

    def pull(self, subscription: str, count: int = 100, timeout: float = 10.0) -> list:
        """Pull once there is something; a server may answer a pull with nothing before."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            response = self.subscriber.pull(subscription=subscription, max_messages=count, timeout=timeout)
            if response.received_messages:
                return list(response.received_messages)
        raise AssertionError(f"no message came within {timeout} s")

    def pull_until(self, subscription: str, count: int, seconds: float = 10.0) -> list:
        """Pull until so many messages are out."""
        received, deadline = [], time.monotonic() + seconds
        while len(received) < count and time.monotonic() < deadline:
            received += self.pull_now(subscription, count - len(received))
        assert len(received) >= count, f"{len(received)} of {count} messages came within {seconds} s"
        return received

    def pull_now(self, subscription: str, count: int = 100) -> list:
        """Return what is ready, which may be nothing."""
        request = {"subscription": subscription, "max_messages": count, "return_immediately": True}
        return list(self.subscriber.pull(request=request).received_messages)

    def acknowledge(self, subscription: str, received: list) -> None:
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[message.ack_id for message in received])

    def set_deadline(self, subscription: str, received: list, seconds: int) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription,
            ack_ids=[message.ack_id for message in received],
            ack_deadline_seconds=seconds,
        )


@dataclass
class Server:
    """A running server process and its address."""

    process: subprocess.Popen
    endpoint: str

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(START_SECONDS)


def run_server(data_dir: Path, *arguments: str) -> Server:
    ready, log = data_dir.with_name(data_dir.name + ".ready.json"), data_dir.with_name(data_dir.name + ".log")
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pbm360.local.pubsub", "--data-dir", str(data_dir), "--ready-file", str(ready)]
    with log.open("a") as lines:
        process = subprocess.Popen([*command, *arguments], stdout=lines, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"the server ended with {process.returncode}: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the server did not answer: {log.read_text()[-3000:]}"
        time.sleep(0.02)
    found = json.loads(ready.read_text())
    assert found["pid"] == process.pid
    return Server(process, found["endpoint"])


@pytest.fixture(scope="session")
def make_clients() -> Callable[[str], Clients]:
    """Make the stock clients of an address, in the stock way: through PUBSUB_EMULATOR_HOST."""

    def make(endpoint: str) -> Clients:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBSUB_EMULATOR_HOST", endpoint)
            in_order = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)
            return Clients(
                endpoint,
                pubsub_v1.PublisherClient(),
                pubsub_v1.PublisherClient(publisher_options=in_order),
                pubsub_v1.SubscriberClient(),
            )

    return make


@pytest.fixture(scope="session")
def laptop_server(tmp_path_factory) -> Iterator[Server]:
    """One server for the folder's tests."""
    running = run_server(tmp_path_factory.mktemp("pubsub") / "data")
    yield running
    running.stop()


@pytest.fixture(scope="session", params=SERVERS)
def clients(request, make_clients) -> Clients:
    """The stock clients of the laptop's server, then of the official emulator where one is named."""
    if request.param == "laptop":
        return make_clients(request.getfixturevalue("laptop_server").endpoint)
    return make_clients(EMULATOR)


@pytest.fixture(scope="session")
def laptop(laptop_server, make_clients) -> Clients:
    """The stock clients of the laptop's server alone."""
    return make_clients(laptop_server.endpoint)


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Server]]:
    """Start servers of the test's own on the same folder, one after another."""
    started: list[Server] = []

    def run(*arguments: str) -> Server:
        started.append(run_server(tmp_path / "data", *arguments))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)
