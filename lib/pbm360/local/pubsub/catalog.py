"""Keep the topics and subscriptions: made, found, changed, deleted, and written down before the answer goes out."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from pathlib import Path

from google.protobuf.json_format import MessageToDict, ParseDict

from pbm360.local.pubsub.refusal import already_exists, not_found
from pbm360.local.pubsub.subscription import Subscription
from pbm360.local.pubsub.topic import LiveTopic
from pbm360.local.pubsub.wire import PubsubMessage, Topic
from pbm360.local.pubsub.wire import Subscription as SubscriptionResource

CATALOG_FILE = "catalog.json"
DELETED_TOPIC = "_deleted-topic_"  # what the service names as the topic of a subscription whose topic is gone
DEAD_LETTER = "CloudPubSubDeadLetterSource"  # beginning of the attributes that the service adds


class DataInUse(RuntimeError):
    """Another server has the data folder open."""


class Catalog:
    """Every topic and subscription in one data folder, which it locks."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = (data_dir / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUse(f"another Pub/Sub server has {data_dir} open; stop it or name another folder") from error
        self.topics: dict[str, LiveTopic] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self._live: dict[int, LiveTopic] = {}  # by incarnation: deleted topics too, as long as they are subscribed to
        self._topic_of: dict[int, LiveTopic] = {}  # by the subscription's incarnation
        self._last_incarnation = 0
        self._load()

    def topic(self, name: str) -> LiveTopic:
        """Return a topic, or refuse."""
        if name not in self.topics:
            raise not_found("Topic", name)
        return self.topics[name]

    def subscription(self, name: str) -> Subscription:
        """Return a subscription, or refuse."""
        if name not in self.subscriptions:
            raise not_found("Subscription", name)
        return self.subscriptions[name]

    def create_topic(self, resource: Topic) -> LiveTopic:
        """Make a topic."""
        if resource.name in self.topics:
            raise already_exists("Topic", resource.name)
        incarnation = self._next_incarnation()
        topic = LiveTopic(resource, incarnation, self._topic_folder(incarnation), self._next_incarnation())
        self.topics[resource.name] = self._live[incarnation] = topic
        self.save()
        return topic

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions keep what they have not settled."""
        topic = self.topic(name)
        del self.topics[name]
        topic.is_deleted = True
        for subscription in topic.subscriptions.values():
            subscription.resource.topic = DELETED_TOPIC
        self.save()
        self._remove_if_unused(topic)

    def create_subscription(self, resource: SubscriptionResource) -> Subscription:
        """Make a subscription: it sees the messages that are published from now on."""
        if resource.name in self.subscriptions:
            raise already_exists("Subscription", resource.name)
        topic = self.topic(resource.topic)
        self.check_dead_letter_topic(resource)
        incarnation = self._next_incarnation()
        subscription = self._attach(resource, incarnation, topic, topic.log.next_sequence)
        self.save()
        return subscription

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription with its unsettled messages."""
        subscription = self.subscription(name)
        del self.subscriptions[name]
        topic = self._topic_of.pop(subscription.incarnation)
        del topic.subscriptions[name]
        subscription.delete()
        self.save()
        self._ack_file(subscription.incarnation).unlink()
        self._remove_if_unused(topic)

    def check_dead_letter_topic(self, resource: SubscriptionResource) -> None:
        """Refuse a dead-letter policy whose topic isn't there."""
        if resource.HasField("dead_letter_policy"):
            self.topic(resource.dead_letter_policy.dead_letter_topic)

    def live_topics(self) -> list[LiveTopic]:
        """Return every topic whose messages are kept, deleted ones included."""
        return list(self._live.values())

    def save(self) -> None:
        """Write the catalog down; it survives a power loss once this returns."""
        content = {
            "last_incarnation": self._last_incarnation,
            "topics": [
                {"incarnation": topic.incarnation, "is_deleted": topic.is_deleted, "resource": to_json(topic.resource)}
                for topic in self._live.values()
            ],
            "subscriptions": [
                {
                    "incarnation": subscription.incarnation,
                    "topic": self._topic_of[subscription.incarnation].incarnation,
                    "resource": to_json(subscription.resource),
                }
                for subscription in self.subscriptions.values()
            ],
        }
        draft = self._data_dir / f"{CATALOG_FILE}.draft"
        with draft.open("w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._data_dir / CATALOG_FILE)
        sync_folder(self._data_dir)

    def close(self) -> None:
        """Bring everything to the disk and let the folder go."""
        for subscription in self.subscriptions.values():
            subscription.acknowledged.close()
        for topic in self._live.values():
            topic.log.close()
        self._lock.close()

    def forward_dead(self, subscription: Subscription, message: PubsubMessage, attempts: int) -> bool:
        """Publish a message to its subscription's dead-letter topic; False where that topic is gone."""
        topic = self.topics.get(subscription.resource.dead_letter_policy.dead_letter_topic)
        if topic is None:
            return False
        _, project, _, subscription_id = subscription.resource.name.split("/")
        message.attributes[f"{DEAD_LETTER}DeliveryCount"] = str(attempts)
        message.attributes[f"{DEAD_LETTER}Subscription"] = subscription_id
        message.attributes[f"{DEAD_LETTER}SubscriptionProject"] = project
        message.attributes[f"{DEAD_LETTER}TopicPublishTime"] = message.publish_time.ToJsonString()
        topic.publish([message])
        return True

    def _load(self) -> None:
        path = self._data_dir / CATALOG_FILE
        content = json.loads(path.read_text()) if path.exists() else {}
        self._last_incarnation = content.get("last_incarnation", 0)
        for entry in content.get("topics", ()):
            incarnation, resource = entry["incarnation"], ParseDict(entry["resource"], Topic())
            topic = LiveTopic(resource, incarnation, self._topic_folder(incarnation), self._next_incarnation())
            topic.is_deleted = entry["is_deleted"]
            self._live[incarnation] = topic
            if not topic.is_deleted:
                self.topics[resource.name] = topic
        for entry in content.get("subscriptions", ()):
            resource = ParseDict(entry["resource"], SubscriptionResource())
            self._attach(resource, entry["incarnation"], self._live[entry["topic"]])
        self._remove_orphans()
        self.save()

    def _attach(
        self, resource: SubscriptionResource, incarnation: int, topic: LiveTopic, floor: int = 1
    ) -> Subscription:
        path = self._ack_file(incarnation)
        path.parent.mkdir(exist_ok=True)
        subscription = Subscription(resource, incarnation, path, topic.log, self.forward_dead, floor)
        self.subscriptions[resource.name] = topic.subscriptions[resource.name] = subscription
        self._topic_of[incarnation] = topic
        return subscription

    def _remove_if_unused(self, topic: LiveTopic) -> None:
        if topic.is_deleted and not topic.subscriptions:
            del self._live[topic.incarnation]
            self.save()
            topic.log.close()
            shutil.rmtree(topic.folder)

    def _remove_orphans(self) -> None:
        """Remove what a killed process left between writing the catalog and its files."""
        for folder in (self._data_dir / "topics").glob("*"):
            if int(folder.name) not in self._live:
                shutil.rmtree(folder)
        for path in (self._data_dir / "subscriptions").glob("*"):
            if path.suffix != ".acks" or int(path.stem) not in self._topic_of:
                path.unlink()

    def _next_incarnation(self) -> int:
        """Return a number never given before, near the time in milliseconds since 1970."""
        self._last_incarnation = max(self._last_incarnation + 1, time.time_ns() // 1_000_000)
        return self._last_incarnation

    def _topic_folder(self, incarnation: int) -> Path:
        return self._data_dir / "topics" / str(incarnation)

    def _ack_file(self, incarnation: int) -> Path:
        return self._data_dir / "subscriptions" / f"{incarnation}.acks"


def to_json(resource: Topic | SubscriptionResource) -> dict:
    """Return a resource as its JSON form, with the field names of the reference."""
    return MessageToDict(resource, preserving_proto_field_name=True)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
