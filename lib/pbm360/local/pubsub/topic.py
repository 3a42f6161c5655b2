"""A topic at work: it stamps messages, writes them down and wakes its subscriptions."""

from __future__ import annotations

import time
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from pbm360.local.pubsub.message_log import MessageLog
from pbm360.local.pubsub.refusal import Refusal
from pbm360.local.pubsub.subscription import Subscription
from pbm360.local.pubsub.wire import PubsubMessage, Topic

MICROSECONDS = 1_000_000


class LiveTopic:
    """One topic: its resource, its messages and the subscriptions on it.

    `incarnation` tells it from others that had or will have its name and names its folder; `message_id_prefix` is new
    with each start of the server, so that a message id is never given twice, not even after a power loss.
    """

    def __init__(self, resource: Topic, incarnation: int, folder: Path, message_id_prefix: int):
        self.resource, self.incarnation, self.folder = resource, incarnation, folder
        self.log = MessageLog(folder)
        self.subscriptions: dict[str, Subscription] = {}
        self.is_deleted = False
        self._message_id_prefix = message_id_prefix
        self._last_publish_time = self.log.last_publish_time()

    def publish(self, messages: list[PubsubMessage]) -> list[str]:
        """Write messages down and return their ids; they are durable once this returns."""
        # A publish time never runs backwards within a topic, so that a time can be found by bisection.
        self._last_publish_time = max(self._last_publish_time, time.time_ns() // 1000)
        seconds, microseconds = divmod(self._last_publish_time, MICROSECONDS)
        stamp = Timestamp(seconds=seconds, nanos=microseconds * 1000)
        first = self.log.next_sequence
        ids = [f"{self._message_id_prefix}{first + number:09d}" for number in range(len(messages))]
        for message, message_id in zip(messages, ids, strict=True):
            message.message_id = message_id
            message.publish_time.CopyFrom(stamp)
        try:
            self.log.append([message.SerializeToString() for message in messages], self._last_publish_time)
        except OSError as error:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, f"the messages could not be written: {error}") from error
        for subscription in self.subscriptions.values():
            subscription.wake()
        return ids

    def reclaim(self) -> None:
        """Delete the messages that every subscription has settled, or that came before all of them."""
        floors = [subscription.acknowledged.floor for subscription in self.subscriptions.values()]
        self.log.drop_below(min(floors, default=self.log.next_sequence))
