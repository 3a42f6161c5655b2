"""Publish to and pull from Pub/Sub: the same calls on a laptop and on Google Cloud."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import grpc
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.pubsub_v1 import PublisherClient, SubscriberClient, types
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pbm360.settings import Settings

STREAM_ACK_DEADLINE_SECONDS = 60  # a block's way to committed rows takes seconds; a crash redelivers within a minute
REVIEW_ACK_DEADLINE_SECONDS = 60
MAX_BATCH_MESSAGES = 1_000  # Pub/Sub's limit of one publish request
MAX_BATCH_BYTES = 9_000_000  # its limit is 10,000,000 bytes, with the names of the fields
MESSAGE_OVERHEAD_BYTES = 32  # lengths and tags of a message and of each attribute in a request, at most
MAX_ACKNOWLEDGE_BYTES = 400_000  # its limit is 524,288 bytes
MAX_IN_FLIGHT = 4  # publish requests under way at once
RETRY_SECONDS = 30.0
CALL_SECONDS = 60.0
CHANNEL_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
]
RETRY = Retry(
    predicate=if_exception_type(
        exceptions.Aborted,
        exceptions.InternalServerError,
        exceptions.ResourceExhausted,
        exceptions.ServiceUnavailable,
        exceptions.Unknown,
    ),
    initial=0.1,
    maximum=5.0,
    timeout=RETRY_SECONDS,
)

RawPublishRequest = types.PublishRequest.pb()
ReceivedMessage = types.ReceivedMessage.pb()


class BrokerError(RuntimeError):
    """Pub/Sub does not answer, or refuses; the text says what was asked and what helps."""


@lru_cache(maxsize=16)
def publisher(settings: Settings) -> PublisherClient:
    """Return the publisher client of these settings, made once: a local server's, or Google's with default credentials."""
    if not settings.pubsub_endpoint:
        _require_cloud(settings)
        return PublisherClient()
    return PublisherClient(transport=PublisherGrpcTransport(channel=_channel(settings.pubsub_endpoint)))


@lru_cache(maxsize=16)
def subscriber(settings: Settings) -> SubscriberClient:
    """Return the subscriber client of these settings, made once."""
    if not settings.pubsub_endpoint:
        _require_cloud(settings)
        return SubscriberClient()
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=_channel(settings.pubsub_endpoint)))


def ensure_topics(settings: Settings) -> None:
    """Make the topics and subscriptions of the events and of the dead letters where they are missing."""
    wanted = {
        settings.topic: (settings.subscription, STREAM_ACK_DEADLINE_SECONDS),
        settings.dead_letter_topic: (settings.dead_letter_subscription, REVIEW_ACK_DEADLINE_SECONDS),
    }
    for topic, (subscription, ack_deadline_seconds) in wanted.items():
        _ensure(settings, topic, publisher(settings).create_topic, {"name": topic_path(settings, topic)})
        request = {
            "name": subscription_path(settings, subscription),
            "topic": topic_path(settings, topic),
            "ack_deadline_seconds": ack_deadline_seconds,
        }
        _ensure(settings, subscription, subscriber(settings).create_subscription, request)


def publish_batches(
    settings: Settings,
    topic: str,
    messages: Iterable[tuple[bytes, dict[str, str]]],
    batch_size: int = MAX_BATCH_MESSAGES,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Publish (payload, attributes) pairs to a topic by its id, e.g. `orders-events`; returns how many.

    All are with Pub/Sub once this returns. Requests go out `MAX_IN_FLIGHT` at a time, so their order is not kept.
    `progress` is told how many are out in all. Raises `BrokerError`; what went out before the failure stays published.
    """
    if not 1 <= batch_size <= MAX_BATCH_MESSAGES:
        raise ValueError(f"batch_size must be between 1 and {MAX_BATCH_MESSAGES}; got {batch_size}")
    published = 0
    under_way: deque[Future[int]] = deque()
    with ThreadPoolExecutor(MAX_IN_FLIGHT) as threads:
        for request in _requests(topic_path(settings, topic), messages, batch_size):
            under_way.append(threads.submit(_publish, settings, request))
            if len(under_way) >= MAX_IN_FLIGHT:
                published += under_way.popleft().result()
                _tell(progress, published)
        while under_way:
            published += under_way.popleft().result()
            _tell(progress, published)
    return published


def pull(settings: Settings, subscription: str, max_messages: int, wait_seconds: float = 5.0) -> list[ReceivedMessage]:
    """Return up to `max_messages` messages (1,000 at most) as soon as there are any; none after `wait_seconds`.

    Each has `ack_id` and `message` with `data`, `attributes`, `message_id` and `publish_time` (a protobuf Timestamp,
    UTC). They come again unless they are acknowledged within the subscription's ack deadline.
    """
    request = {"subscription": subscription_path(settings, subscription), "max_messages": max_messages}
    try:
        response = subscriber(settings).pull(request=request, timeout=wait_seconds, retry=RETRY)
    except exceptions.DeadlineExceeded:
        return []
    except exceptions.GoogleAPICallError as error:
        raise _failure(settings, f"pulling from {subscription}", error) from error
    return list(types.PullResponse.pb(response).received_messages)


def acknowledge(settings: Settings, subscription: str, ack_ids: Sequence[str]) -> None:
    """Acknowledge messages for good, in as many requests as Pub/Sub's limit on their size asks for."""
    for part in _parts(ack_ids):
        request = {"subscription": subscription_path(settings, subscription), "ack_ids": part}
        try:
            subscriber(settings).acknowledge(request=request, timeout=CALL_SECONDS, retry=RETRY)
        except exceptions.GoogleAPICallError as error:
            raise _failure(settings, f"acknowledging {len(part)} messages of {subscription}", error) from error


def topic_path(settings: Settings, topic: str) -> str:
    """Return a topic's full name."""
    return f"projects/{settings.project}/topics/{topic}"


def subscription_path(settings: Settings, subscription: str) -> str:
    """Return a subscription's full name."""
    return f"projects/{settings.project}/subscriptions/{subscription}"


def _channel(endpoint: str) -> grpc.Channel:
    return grpc.insecure_channel(endpoint, options=CHANNEL_OPTIONS)


def _require_cloud(settings: Settings) -> None:
    if settings.target == "local":
        raise BrokerError("no local Pub/Sub is known (PBM360_PUBSUB_ENDPOINT is empty); run `pbm360 up`")


def _ensure(settings: Settings, name: str, create: Callable, request: dict) -> None:
    try:
        create(request=request, timeout=CALL_SECONDS, retry=RETRY)
    except exceptions.AlreadyExists:
        return
    except exceptions.GoogleAPICallError as error:
        raise _failure(settings, f"creating {name}", error) from error


def _requests(
    topic: str, messages: Iterable[tuple[bytes, dict[str, str]]], batch_size: int
) -> Iterator[RawPublishRequest]:
    """Cut messages into requests, by number and by bytes."""
    request, size = RawPublishRequest(topic=topic), 0
    for payload, attributes in messages:
        message_size = _size(payload, attributes)
        if request.messages and (len(request.messages) >= batch_size or size + message_size > MAX_BATCH_BYTES):
            yield request
            request, size = RawPublishRequest(topic=topic), 0
        request.messages.add(data=payload, attributes=attributes)
        size += message_size
    if request.messages:
        yield request


def _size(payload: bytes, attributes: dict[str, str]) -> int:
    texts = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    return len(payload) + texts + MESSAGE_OVERHEAD_BYTES * (1 + len(attributes))


def _publish(settings: Settings, request: RawPublishRequest) -> int:
    try:
        # The raw message is wrapped, not copied: building the client's own message classes takes most of the time.
        response = publisher(settings).publish(
            request=types.PublishRequest.wrap(request), timeout=CALL_SECONDS, retry=RETRY
        )
    except exceptions.GoogleAPICallError as error:
        raise _failure(settings, f"publishing {len(request.messages)} messages to {request.topic}", error) from error
    return len(types.PublishResponse.pb(response).message_ids)


def _tell(progress: Callable[[int], object] | None, published: int) -> None:
    if progress is not None:
        progress(published)


def _parts(ack_ids: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for ack_id in ack_ids:
        if part and size + len(ack_id) + 4 > MAX_ACKNOWLEDGE_BYTES:
            yield part
            part, size = [], 0
        part.append(ack_id)
        size += len(ack_id) + 4  # tag and length
    if part:
        yield part


def _failure(settings: Settings, what: str, error: exceptions.GoogleAPICallError) -> BrokerError:
    where = settings.pubsub_endpoint or "Google Cloud"
    advice = {
        exceptions.ServiceUnavailable: "; `pbm360 status` says whether it runs, `pbm360 up` starts it",
        exceptions.NotFound: "; `pbm360 up` makes the topics and subscriptions",
    }.get(type(error), "")
    return BrokerError(f"{what} failed at Pub/Sub on {where}: {error}{advice}")
