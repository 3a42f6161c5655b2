"""Publish to and pull from Pub/Sub: the same calls on a laptop and on Google Cloud."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import NamedTuple

import grpc
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.pubsub_v1 import PublisherClient, SubscriberClient, types
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_SECOND
from pbm360.settings import Settings, SettingsError

ACK_DEADLINE_SECONDS = 60  # a block's way to committed rows takes seconds; a crash redelivers within a minute
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
    ("grpc.max_reconnect_backoff_ms", 1_000),  # a server that was started again is found soon, not after two minutes
]
TRANSIENT = (
    exceptions.Aborted,
    exceptions.Cancelled,  # by a server that stops: no call here is cancelled by its caller
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
RETRYING = {"predicate": if_exception_type(*TRANSIENT), "initial": 0.1, "maximum": 2.0, "timeout": RETRY_SECONDS}
RETRY = Retry(**RETRYING)

RawPublishRequest = types.PublishRequest.pb()
RawReceivedMessage = types.ReceivedMessage.pb()


class BrokerError(RuntimeError):
    """Pub/Sub does not answer, or refuses; the text says what was asked and what helps."""


class ReceivedMessage(NamedTuple):
    """One delivery of a message; `published` is when Pub/Sub took it, in microseconds since 1970, UTC."""

    ack_id: str
    message_id: str
    published: int
    attributes: dict[str, str]
    data: bytes

    @property
    def publish_time(self) -> datetime.datetime:
        """The same instant as a datetime, UTC."""
        return EPOCH + datetime.timedelta(microseconds=self.published)


def publisher(settings: Settings) -> PublisherClient:
    """Return the publisher client, made once for each server; Google Cloud's takes the default credentials."""
    return _publisher(_endpoint(settings))


def subscriber(settings: Settings) -> SubscriberClient:
    """Return the subscriber client, made once for each server."""
    return _subscriber(_endpoint(settings))


def ensure_topics(settings: Settings) -> None:
    """Make the topics and subscriptions of the events, the dead letters and the alerts where they are missing.

    Raises `BrokerError` where a subscription stands but reads another topic: its messages would never come.
    """
    wanted = {
        settings.topic: settings.subscription,
        settings.dead_letter_topic: settings.dead_letter_subscription,
        settings.alerts_topic: settings.alerts_subscription,
    }
    for topic, subscription in wanted.items():
        _ensure(settings, topic, publisher(settings).create_topic, {"name": topic_path(settings, topic)})
        request = {
            "name": subscription_path(settings, subscription),
            "topic": topic_path(settings, topic),
            "ack_deadline_seconds": ACK_DEADLINE_SECONDS,
        }
        _ensure(settings, subscription, subscriber(settings).create_subscription, request)
        _require_topic(settings, subscription, topic)


def publish_batches(
    settings: Settings,
    topic: str,
    messages: Iterable[tuple[bytes, dict[str, str]]],
    batch_size: int = MAX_BATCH_MESSAGES,
    progress: Callable[[int], object] = lambda published: None,
    patience_seconds: float = RETRY_SECONDS,
) -> int:
    """Publish (payload, attributes) pairs to a topic by its id, e.g. `orders-events`; returns how many.

    All are with Pub/Sub once this returns. Requests go out `MAX_IN_FLIGHT` at a time, so their order is not kept.
    `progress` is told how many are out in all. A request that fails is tried again for `patience_seconds`. Raises
    `BrokerError`; what went out before the failure stays published.
    """
    if not 1 <= batch_size <= MAX_BATCH_MESSAGES:
        raise ValueError(f"batch_size must be between 1 and {MAX_BATCH_MESSAGES}; got {batch_size}")
    published = 0
    under_way: deque[Future[int]] = deque()
    with ThreadPoolExecutor(MAX_IN_FLIGHT) as threads:
        for request in _requests(topic_path(settings, topic), messages, batch_size):
            under_way.append(threads.submit(_publish, settings, request, patience_seconds))
            if len(under_way) >= MAX_IN_FLIGHT:
                published += under_way.popleft().result()
                progress(published)
        while under_way:
            published += under_way.popleft().result()
            progress(published)
    return published


def publish_in_order(
    settings: Settings, topic: str, sequences: Mapping[str, Sequence[tuple[bytes, dict[str, str]]]]
) -> int:
    """Publish (payload, attributes) pairs by ordering key, each key's in their order; returns how many.

    A key has one request under way at a time, as Pub/Sub wants one key a request; a subscription that is made with
    message ordering delivers them so. Raises `BrokerError`, with what went out before it published.
    """

    def publish(key: str) -> int:
        requests = _requests(topic_path(settings, topic), sequences[key], MAX_BATCH_MESSAGES, key)
        return sum(_publish(settings, request) for request in requests)

    with ThreadPoolExecutor(MAX_IN_FLIGHT) as threads:
        return sum(threads.map(publish, sequences))


def pull(
    settings: Settings,
    subscription: str,
    max_messages: int,
    timeout_seconds: float = 5.0,
    on_error: Callable[[Exception], object] | None = None,
) -> list[ReceivedMessage]:
    """Return up to `max_messages` messages (1,000 at most) as soon as there are any; none after `timeout_seconds`.

    They come again unless they are acknowledged within the subscription's ack deadline. Raises `BrokerError`; a service
    that is away is asked again for half a minute first, and `on_error` hears of each try that failed.
    """
    request = {"subscription": subscription_path(settings, subscription), "max_messages": max_messages}
    client = subscriber(settings)
    with _explained(settings, f"pulling from {subscription}"):
        try:
            response = client.pull(request=request, timeout=timeout_seconds, retry=_retry(on_error))
        except exceptions.DeadlineExceeded:
            return []
    return [_received(entry) for entry in types.PullResponse.pb(response).received_messages]


def acknowledge(settings: Settings, subscription: str, ack_ids: Iterable[str]) -> None:
    """Acknowledge messages for good, in as many requests as Pub/Sub's limit on their size asks for."""
    call = subscriber(settings).acknowledge
    _settle(settings, subscription, call, types.AcknowledgeRequest, "acknowledging", ack_ids)


def extend(settings: Settings, subscription: str, ack_ids: Iterable[str], seconds: int) -> None:
    """Move the ack deadline of messages to `seconds` (0 to 600) from now; 0 gives them back, to come again at once."""
    call = subscriber(settings).modify_ack_deadline
    what, request_class = "moving the ack deadline of", types.ModifyAckDeadlineRequest
    _settle(settings, subscription, call, request_class, what, ack_ids, ack_deadline_seconds=seconds)


def topic_path(settings: Settings, topic: str) -> str:
    """Return a topic's full name."""
    return f"projects/{settings.project}/topics/{topic}"


def subscription_path(settings: Settings, subscription: str) -> str:
    """Return a subscription's full name."""
    return f"projects/{settings.project}/subscriptions/{subscription}"


def _endpoint(settings: Settings) -> str:
    """Return the address of the local server; empty on Google Cloud, whose address the clients know."""
    if settings.target == "gcp":
        return ""
    if not settings.pubsub_endpoint:
        raise SettingsError("no Pub/Sub is known; run `pbm360 up` (or set PBM360_PUBSUB_ENDPOINT)")
    return settings.pubsub_endpoint


@lru_cache(maxsize=16)
def _publisher(endpoint: str) -> PublisherClient:
    return PublisherClient(transport=PublisherGrpcTransport(channel=_channel(endpoint)) if endpoint else None)


@lru_cache(maxsize=16)
def _subscriber(endpoint: str) -> SubscriberClient:
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=_channel(endpoint)) if endpoint else None)


def _channel(endpoint: str) -> grpc.Channel:
    return grpc.insecure_channel(endpoint, options=CHANNEL_OPTIONS)


def _ensure(settings: Settings, name: str, create: Callable, request: dict) -> None:
    with _explained(settings, f"creating {name}"), suppress(exceptions.AlreadyExists):
        create(request=request, timeout=CALL_SECONDS, retry=RETRY)


def _require_topic(settings: Settings, subscription: str, topic: str) -> None:
    request, wanted = {"subscription": subscription_path(settings, subscription)}, topic_path(settings, topic)
    with _explained(settings, f"looking up {subscription}"):
        found = subscriber(settings).get_subscription(request=request, timeout=CALL_SECONDS, retry=RETRY).topic
    if found != wanted:
        raise BrokerError(f"subscription {subscription} reads {found}, expected {wanted}; delete it or name another")


def _requests(
    topic: str, messages: Iterable[tuple[bytes, dict[str, str]]], batch_size: int, ordering_key: str = ""
) -> Iterator[RawPublishRequest]:
    """Cut messages into requests, by number and by bytes."""
    request, size = RawPublishRequest(topic=topic), 0
    for payload, attributes in messages:
        message_size = _size(payload, attributes) + len(ordering_key.encode())
        if request.messages and (len(request.messages) >= batch_size or size + message_size > MAX_BATCH_BYTES):
            yield request
            request, size = RawPublishRequest(topic=topic), 0
        request.messages.add(data=payload, attributes=attributes, ordering_key=ordering_key)
        size += message_size
    if request.messages:
        yield request


def _size(payload: bytes, attributes: dict[str, str]) -> int:
    texts = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    return len(payload) + texts + MESSAGE_OVERHEAD_BYTES * (1 + len(attributes))


def _publish(settings: Settings, request: RawPublishRequest, patience_seconds: float = RETRY_SECONDS) -> int:
    # The raw message is wrapped, not copied: building the client's own message classes takes most of the time.
    wrapped = types.PublishRequest.wrap(request)
    with _explained(settings, f"publishing {len(request.messages)} messages to {request.topic}"):
        retry = RETRY.with_timeout(patience_seconds)
        publisher(settings).publish(request=wrapped, timeout=CALL_SECONDS, retry=retry)
    return len(request.messages)


def _received(entry: RawReceivedMessage) -> ReceivedMessage:
    message = entry.message
    published = message.publish_time
    microseconds = published.seconds * MICROSECONDS_PER_SECOND + published.nanos // 1000
    attributes = message.attributes
    # key by key: `dict(attributes)` takes the long way through an abstract mapping's keys
    known = {key: attributes[key] for key in attributes}
    return ReceivedMessage(entry.ack_id, message.message_id, microseconds, known, message.data)


def _retry(on_error: Callable[[Exception], object] | None) -> Retry:
    return RETRY if on_error is None else Retry(**RETRYING, on_error=on_error)


def _settle(
    settings: Settings,
    subscription: str,
    call: Callable,
    request_class: type,
    what: str,
    ack_ids: Iterable[str],
    **fields: int,
) -> None:
    for part in _parts(ack_ids):
        raw = request_class.pb()(subscription=subscription_path(settings, subscription), ack_ids=part, **fields)
        with _explained(settings, f"{what} {len(part)} messages of {subscription}"):
            call(request=request_class.wrap(raw), timeout=CALL_SECONDS, retry=RETRY)


def _parts(ack_ids: Iterable[str]) -> Iterator[list[str]]:
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


@contextmanager
def _explained(settings: Settings, what: str) -> Iterator[None]:
    """Turn a failed call into an error that says what was asked and what helps."""
    try:
        yield
    except exceptions.GoogleAPIError as error:  # one that was repeated until now is no GoogleAPICallError
        where = settings.pubsub_endpoint or "Google Cloud"
        advice = {
            exceptions.RetryError: "; `pbm360 status` says whether it runs, `pbm360 up` starts it",
            exceptions.NotFound: "; `pbm360 up` makes the topics and subscriptions",
        }.get(type(error), "")
        raise BrokerError(f"{what} failed at Pub/Sub on {where}: {error}{advice}") from error
