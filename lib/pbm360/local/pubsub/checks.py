"""Check what a request says against the service's rules; what this server can't do is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import grpc
from google.protobuf.message import Message

from pbm360.local.pubsub import limits
from pbm360.local.pubsub.refusal import Refusal, invalid, unimplemented
from pbm360.local.pubsub.wire import PublishRequest, PubsubMessage, Subscription, Topic

RESOURCE_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")  # names: 3 to 255 characters
PROJECT_ID = re.compile(r"(?:[a-z0-9.\-]+:)?[a-z0-9\-]+")  # a domain may stand before it
OUTPUT_FIELDS = {
    "state",
    "satisfies_pzs",
    "detached",
    "topic_message_retention_duration",
    "analytics_hub_subscription_info",
}
TOPIC_FIELDS = {"name", "labels"} | OUTPUT_FIELDS
SUBSCRIPTION_FIELDS = {
    "name",
    "topic",
    "push_config",
    "ack_deadline_seconds",
    "message_retention_duration",
    "labels",
    "enable_message_ordering",
    "expiration_policy",
    "dead_letter_policy",
    "retry_policy",
} | OUTPUT_FIELDS
TOPIC_UPDATES = {"labels"}
SUBSCRIPTION_UPDATES = {
    "ack_deadline_seconds",
    "message_retention_duration",
    "labels",
    "expiration_policy",
    "dead_letter_policy",
    "retry_policy",
}
FIXED_FIELDS = {"name", "topic", "enable_message_ordering"} | OUTPUT_FIELDS


def resource_name(collection: str, name: str) -> str:
    """Return a name of the form `projects/P/<collection>/ID`, or refuse it."""
    parts = name.split("/")
    is_right = len(parts) == 4 and parts[0] == "projects" and parts[2] == collection
    if not is_right or not PROJECT_ID.fullmatch(parts[1]) or not RESOURCE_ID.fullmatch(parts[3]):
        raise invalid(
            f"invalid {collection} name {name[:300]!r}; expected projects/PROJECT/{collection}/ID with an ID of 3 to "
            "255 letters, digits and -_.~+% that begins with a letter and not with goog"
        )
    return name


def project_name(name: str) -> str:
    """Return a name of the form `projects/P`, or refuse it."""
    if not name.startswith("projects/") or not PROJECT_ID.fullmatch(name.removeprefix("projects/")):
        raise invalid(f"invalid project name {name[:300]!r}; expected projects/PROJECT")
    return name


def supported(message: Message, fields: set[str]) -> None:
    """Refuse a message that sets a field outside `fields`, naming it."""
    for field, _ in message.ListFields():
        if field.name not in fields:
            raise unimplemented(f"{message.DESCRIPTOR.name}.{field.name}")


def topic(resource: Topic) -> None:
    """Check a topic to be made."""
    supported(resource, TOPIC_FIELDS)
    resource_name("topics", resource.name)


def subscription(resource: Subscription, min_ack_seconds: int) -> None:
    """Check a subscription to be made or changed, and fill in its defaults."""
    supported(resource, SUBSCRIPTION_FIELDS)
    resource_name("subscriptions", resource.name)
    if resource.push_config.ListFields():
        raise unimplemented("Subscription.push_config")
    if resource.expiration_policy.HasField("ttl"):
        raise unimplemented("Subscription.expiration_policy.ttl (subscriptions never expire here)")
    resource.push_config.SetInParent()
    resource.expiration_policy.SetInParent()  # never expires, as the service says it
    resource.state = Subscription.ACTIVE
    resource.ack_deadline_seconds = resource.ack_deadline_seconds or max(
        limits.DEFAULT_ACK_DEADLINE_SECONDS, min_ack_seconds
    )
    ack_seconds("ack_deadline_seconds", resource.ack_deadline_seconds, min_ack_seconds)
    _retention(resource)
    _dead_letter_policy(resource)
    _retry_policy(resource)


def ack_seconds(field: str, seconds: int, least: int) -> int:
    """Return an ack deadline that lies between `least` and the service's greatest, or refuse it."""
    if not least <= seconds <= limits.MAX_ACK_DEADLINE_SECONDS:
        raise invalid(f"{field} must be between {least} and {limits.MAX_ACK_DEADLINE_SECONDS} seconds; got {seconds}")
    return seconds


def update_paths(kind: str, paths: Sequence[str], known: Sequence[str], changeable: set[str]) -> list[str]:
    """Return the top-level fields that an update changes, or refuse one that is unknown, fixed or unsupported."""
    if not paths:
        raise invalid("update_mask must be set and name at least one field")
    for path in paths:
        if path not in known:
            raise invalid(f"update_mask names {path!r}, which is not a known field of {kind}; expected e.g. labels")
        if path in FIXED_FIELDS:
            raise invalid(f"update_mask names {path!r}, which is not mutable in {kind}")
        if path not in changeable:
            raise unimplemented(f"updating {kind}.{path}")
    return list(paths)


def publish_request(request: PublishRequest, request_bytes: int) -> None:
    """Check a publish request against every limit of the service."""
    count = len(request.messages)
    if not 1 <= count <= limits.MAX_PUBLISH_MESSAGES:
        raise invalid(f"a publish must hold 1 to {limits.MAX_PUBLISH_MESSAGES} messages; got {count}")
    if request_bytes > limits.MAX_PUBLISH_BYTES:
        raise invalid(f"a publish request must be at most {limits.MAX_PUBLISH_BYTES} bytes; got {request_bytes}")
    for number, message in enumerate(request.messages):
        problem = message_problem(message)
        if problem:
            raise invalid(f"message {number} of the request: {problem}")


def message_problem(message: PubsubMessage) -> str:
    """Say what is wrong with a message to be published, or return an empty text."""
    attributes = message.attributes
    if not message.data and not attributes:
        return "it must have data or at least one attribute; both are empty"
    if len(message.data) > limits.MAX_MESSAGE_BYTES:
        return f"its data must be at most {limits.MAX_MESSAGE_BYTES} bytes; got {len(message.data)}"
    if len(message.ordering_key.encode()) > limits.MAX_ORDERING_KEY_BYTES:
        return f"its ordering key must be at most {limits.MAX_ORDERING_KEY_BYTES} bytes"
    if len(attributes) > limits.MAX_ATTRIBUTES:
        return f"it must have at most {limits.MAX_ATTRIBUTES} attributes; got {len(attributes)}"
    for key, value in attributes.items():
        if not key or len(key.encode()) > limits.MAX_ATTRIBUTE_KEY_BYTES or key.startswith("goog"):
            return (
                f"attribute keys must be 1 to {limits.MAX_ATTRIBUTE_KEY_BYTES} bytes and not begin with goog; "
                f"got {key[:50]!r}"
            )
        if len(value.encode()) > limits.MAX_ATTRIBUTE_VALUE_BYTES:
            return f"attribute values must be at most {limits.MAX_ATTRIBUTE_VALUE_BYTES} bytes; that of {key!r} is not"
    return ""


def ack_request(request: Message) -> None:
    """Check a request that names ack ids."""
    if not request.ack_ids:
        raise invalid("the request must name at least one ack ID")
    if request.ByteSize() > limits.MAX_ACKNOWLEDGE_BYTES:
        raise invalid(
            f"the request must be at most {limits.MAX_ACKNOWLEDGE_BYTES} bytes; got {request.ByteSize()}: "
            "name fewer ack IDs"
        )


def _retention(resource: Subscription) -> None:
    if not resource.HasField("message_retention_duration"):
        resource.message_retention_duration.seconds = limits.DEFAULT_RETENTION_SECONDS
    seconds = resource.message_retention_duration.seconds
    if not limits.MIN_RETENTION_SECONDS <= seconds <= limits.MAX_RETENTION_SECONDS:
        raise invalid(
            f"message_retention_duration must be between {limits.MIN_RETENTION_SECONDS} and "
            f"{limits.MAX_RETENTION_SECONDS} seconds; got {seconds}"
        )


def _dead_letter_policy(resource: Subscription) -> None:
    if not resource.HasField("dead_letter_policy"):
        return
    policy = resource.dead_letter_policy
    resource_name("topics", policy.dead_letter_topic)
    policy.max_delivery_attempts = policy.max_delivery_attempts or limits.DEFAULT_DELIVERY_ATTEMPTS
    if not limits.MIN_DELIVERY_ATTEMPTS <= policy.max_delivery_attempts <= limits.MAX_DELIVERY_ATTEMPTS:
        raise Refusal(
            grpc.StatusCode.OUT_OF_RANGE,
            f"max_delivery_attempts must be between {limits.MIN_DELIVERY_ATTEMPTS} and "
            f"{limits.MAX_DELIVERY_ATTEMPTS}; got {policy.max_delivery_attempts}",
        )


def _retry_policy(resource: Subscription) -> None:
    if not resource.HasField("retry_policy"):
        return
    policy = resource.retry_policy
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.FromMilliseconds(int(limits.DEFAULT_MINIMUM_BACKOFF_SECONDS * 1000))
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.FromMilliseconds(int(limits.DEFAULT_MAXIMUM_BACKOFF_SECONDS * 1000))
    least = policy.minimum_backoff.seconds + policy.minimum_backoff.nanos / 1e9
    most = policy.maximum_backoff.seconds + policy.maximum_backoff.nanos / 1e9
    if not 0 <= least <= most <= limits.MAX_BACKOFF_SECONDS:
        raise invalid(
            f"retry_policy must have 0 <= minimum_backoff <= maximum_backoff <= {limits.MAX_BACKOFF_SECONDS:.0f} "
            f"seconds; got {least} and {most}"
        )
