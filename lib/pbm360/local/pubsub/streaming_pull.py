"""One StreamingPull: messages go out as they come and as flow control allows, while acknowledgements come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
from google.pubsub_v1 import types

from pbm360.local.pubsub import checks, limits
from pbm360.local.pubsub.ordering_keys import Consumer
from pbm360.local.pubsub.refusal import Refusal, invalid, not_found
from pbm360.local.pubsub.subscription import Subscription

StreamingPullRequest = types.StreamingPullRequest.pb()
StreamingPullResponse = types.StreamingPullResponse.pb()
WAKE_SECONDS = 30.0
INITIAL_FIELDS = {
    "subscription",
    "ack_ids",
    "modify_deadline_seconds",
    "modify_deadline_ack_ids",
    "stream_ack_deadline_seconds",
    "client_id",
    "max_outstanding_messages",
    "max_outstanding_bytes",
    "protocol_version",
}
LATER_FIELDS = {"ack_ids", "modify_deadline_seconds", "modify_deadline_ack_ids", "stream_ack_deadline_seconds"}


class Stream:
    """The state of one open stream, from its first request on."""

    def __init__(self, subscription: Subscription, first: StreamingPullRequest, min_ack_seconds: int):
        for name in ("max_outstanding_messages", "max_outstanding_bytes"):
            if getattr(first, name) < 0:
                raise invalid(f"{name} must be 0 (no limit) or more; got {getattr(first, name)}")
        self._subscription, self._min_ack_seconds = subscription, min_ack_seconds
        self._ack_seconds = checks.ack_seconds(
            "stream_ack_deadline_seconds", first.stream_ack_deadline_seconds, min_ack_seconds
        )
        self._consumer = Consumer(
            first.max_outstanding_messages or limits.DEFAULT_STREAM_MESSAGES,
            first.max_outstanding_bytes or limits.DEFAULT_STREAM_BYTES,
        )
        self._ended: asyncio.Future = asyncio.get_running_loop().create_future()

    async def receive(self, requests: AsyncIterator[StreamingPullRequest]) -> None:
        """Carry out what the client sends, until it closes its side or is refused."""
        try:
            async for request in requests:
                checks_later = [field.name for field, _ in request.ListFields() if field.name not in LATER_FIELDS]
                if checks_later:
                    raise invalid(f"{checks_later[0]} may be set in the first request of a stream alone")
                self.apply(request)
        except Refusal as refusal:
            self._end(refusal)
        else:
            self._end(None)

    def apply(self, request: StreamingPullRequest) -> None:
        """Carry out the acknowledgements and deadlines of one request."""
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise invalid(
                "modify_deadline_seconds must have one entry for each of modify_deadline_ack_ids; "
                f"got {len(request.modify_deadline_seconds)} for {len(request.modify_deadline_ack_ids)}"
            )
        for seconds in request.modify_deadline_seconds:
            checks.ack_seconds("modify_deadline_seconds", seconds, 0)
        if request.stream_ack_deadline_seconds:
            self._ack_seconds = checks.ack_seconds(
                "stream_ack_deadline_seconds", request.stream_ack_deadline_seconds, self._min_ack_seconds
            )
        if self._subscription.is_deleted:
            raise not_found("Subscription", self._subscription.resource.name)
        if request.ack_ids:
            self._subscription.acknowledge(request.ack_ids)
        if request.modify_deadline_ack_ids:
            self._subscription.modify(request.modify_deadline_ack_ids, request.modify_deadline_seconds)

    async def responses(self) -> AsyncIterator[bytes]:
        """Yield responses as messages become ready; raises the refusal that ends the stream."""
        yield self._properties()
        while not self._ended.done():
            if self._subscription.is_deleted:
                raise not_found("Subscription", self._subscription.resource.name)
            entries = self._subscription.take(self._consumer, limits.MAX_PULL_MESSAGES, self._ack_seconds)
            for response in joined(entries):
                yield response
            if not entries:
                await self._subscription.wait(WAKE_SECONDS)
        refusal = self._ended.result()
        if refusal is not None:
            raise refusal

    def _properties(self) -> bytes:
        properties = types.StreamingPullResponse.SubscriptionProperties.pb()(
            message_ordering_enabled=self._subscription.resource.enable_message_ordering
        )
        return StreamingPullResponse(subscription_properties=properties).SerializeToString()

    def _end(self, refusal: Refusal | None) -> None:
        if not self._ended.done():
            self._ended.set_result(refusal)
        self._subscription.wake()


def joined(entries: list[bytes]) -> list[bytes]:
    """Join entries into responses of at most `MAX_RESPONSE_BYTES` each; a larger entry goes alone."""
    responses: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for entry in entries:
        if part and size + len(entry) > limits.MAX_RESPONSE_BYTES:
            responses.append(b"".join(part))
            part, size = [], 0
        part.append(entry)
        size += len(entry)
    return [*responses, b"".join(part)] if part else responses


async def first_request(requests: AsyncIterator[StreamingPullRequest]) -> StreamingPullRequest:
    """Return the request that opens a stream, or refuse."""
    async for request in requests:
        checks.supported(request, INITIAL_FIELDS)
        checks.resource_name("subscriptions", request.subscription)
        return request
    raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "the stream was closed before its first request")
