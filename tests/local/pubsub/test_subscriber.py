"""What the Subscriber service does beyond the contract that every Pub/Sub keeps."""

from __future__ import annotations

import datetime

import pytest
from google.api_core.exceptions import InvalidArgument

from pbm360.local.pubsub.limits import PULL_WAIT_SECONDS
from pbm360.local.pubsub.subscriber import _patience_seconds


def test_a_waiting_pull_is_answered_before_its_client_gives_up(laptop):
    """A message that is leased as the client gives up would be away until its ack deadline."""
    subscription = laptop.subscription(laptop.topic())
    response = laptop.subscriber.pull(subscription=subscription, max_messages=1, timeout=1.0, retry=None)
    assert list(response.received_messages) == []  # an answer, not DeadlineExceeded


@pytest.mark.parametrize(
    ("client_seconds", "expected"),
    [(None, PULL_WAIT_SECONDS), (600.0, PULL_WAIT_SECONDS), (5.0, 4.9), (0.1, 0.0)],
)
def test_a_pull_waits_as_long_as_the_client_and_the_server_both_would(client_seconds, expected):
    assert _patience_seconds(client_seconds) == pytest.approx(expected)


def test_a_seek_to_an_earlier_time_brings_nothing_that_was_acknowledged(laptop):
    topic = laptop.topic()
    subscription = laptop.subscription(topic)
    laptop.publish(topic, b"settled")
    received = laptop.pull_until(subscription, 1)
    laptop.acknowledge(subscription, received)
    before = received[0].message.publish_time - datetime.timedelta(minutes=1)
    laptop.subscriber.seek(request={"subscription": subscription, "time": before})
    assert laptop.pull_now(subscription) == []


def test_a_seek_without_a_target_is_refused(laptop):
    subscription = laptop.subscription(laptop.topic())
    with pytest.raises(InvalidArgument, match="a seek must name a time"):
        laptop.subscriber.seek(request={"subscription": subscription})
