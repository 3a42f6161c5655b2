"""The Subscriber service: subscriptions, pulling, acknowledging, deadlines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from google.protobuf import empty_pb2
from google.pubsub_v1 import types

from pbm360.local.pubsub import checks, limits
from pbm360.local.pubsub.catalog import Catalog
from pbm360.local.pubsub.pages import page
from pbm360.local.pubsub.refusal import invalid, not_found, unimplemented
from pbm360.local.pubsub.streaming_pull import Stream, StreamingPullRequest, first_request
from pbm360.local.pubsub.subscription import pull_consumer
from pbm360.local.pubsub.wire import Subscription


class Subscriber:
    """The methods of google.pubsub.v1.Subscriber; each takes the request and returns the response."""

    REQUESTS = {
        "CreateSubscription": Subscription,
        "GetSubscription": types.GetSubscriptionRequest.pb(),
        "UpdateSubscription": types.UpdateSubscriptionRequest.pb(),
        "ListSubscriptions": types.ListSubscriptionsRequest.pb(),
        "DeleteSubscription": types.DeleteSubscriptionRequest.pb(),
        "ModifyAckDeadline": types.ModifyAckDeadlineRequest.pb(),
        "Acknowledge": types.AcknowledgeRequest.pb(),
        "Pull": types.PullRequest.pb(),
        "StreamingPull": StreamingPullRequest,
        "Seek": types.SeekRequest.pb(),
    }

    def __init__(self, catalog: Catalog, min_ack_seconds: int):
        self._catalog, self._min_ack_seconds = catalog, min_ack_seconds
        self.is_stopping = False

    async def CreateSubscription(self, request: Subscription, context) -> Subscription:
        """Make a subscription."""
        checks.subscription(request, self._min_ack_seconds)
        checks.resource_name("topics", request.topic)
        return self._catalog.create_subscription(request).resource

    async def GetSubscription(self, request, context) -> Subscription:
        """Return a subscription."""
        return self._find(request.subscription).resource

    async def UpdateSubscription(self, request, context) -> Subscription:
        """Change the fields of a subscription that the mask names."""
        subscription = self._find(request.subscription.name)
        known = Subscription.DESCRIPTOR.fields_by_name
        paths = checks.update_paths("Subscription", request.update_mask.paths, known, checks.SUBSCRIPTION_UPDATES)
        changed = Subscription()
        changed.CopyFrom(subscription.resource)
        for path in paths:
            changed.ClearField(path)
        chosen = Subscription()
        for path in paths:
            request.update_mask.__class__(paths=[path]).MergeMessage(request.subscription, chosen)
        changed.MergeFrom(chosen)
        checks.subscription(changed, self._min_ack_seconds)
        self._catalog.check_dead_letter_topic(changed)
        subscription.resource.CopyFrom(changed)
        subscription.update_rules()
        self._catalog.save()
        return subscription.resource

    async def ListSubscriptions(self, request, context):
        """Return a page of a project's subscriptions, by name."""
        prefix = checks.project_name(request.project) + "/"
        names = (name for name in self._catalog.subscriptions if name.startswith(prefix))
        found, token = page(names, request.page_size, request.page_token)
        resources = [self._catalog.subscriptions[name].resource for name in found]
        return types.ListSubscriptionsResponse.pb()(subscriptions=resources, next_page_token=token)

    async def DeleteSubscription(self, request, context) -> empty_pb2.Empty:
        """Delete a subscription and what it has not settled."""
        self._catalog.delete_subscription(checks.resource_name("subscriptions", request.subscription))
        return empty_pb2.Empty()

    async def ModifyAckDeadline(self, request, context) -> empty_pb2.Empty:
        """Move the deadline of messages that are out; 0 returns them."""
        checks.ack_seconds("ack_deadline_seconds", request.ack_deadline_seconds, 0)
        checks.ack_request(request)
        seconds = [request.ack_deadline_seconds] * len(request.ack_ids)
        self._find(request.subscription).modify(request.ack_ids, seconds)
        return empty_pb2.Empty()

    async def Acknowledge(self, request, context) -> empty_pb2.Empty:
        """Settle messages."""
        checks.ack_request(request)
        self._find(request.subscription).acknowledge(request.ack_ids)
        return empty_pb2.Empty()

    async def Pull(self, request, context) -> bytes:
        """Return messages as soon as there are any; none after a while, or at once where the client asks for that."""
        if request.max_messages <= 0:
            raise invalid(f"max_messages must be 1 or more; got {request.max_messages}")
        subscription = self._find(request.subscription)
        consumer = pull_consumer(min(request.max_messages, limits.MAX_PULL_MESSAGES))
        until = time.monotonic() + _patience_seconds(context.time_remaining())
        while True:
            entries = subscription.take(consumer, consumer.max_messages, subscription.resource.ack_deadline_seconds)
            left = until - time.monotonic()
            if entries or request.return_immediately or left <= 0 or self.is_stopping:
                return b"".join(entries)
            await subscription.wait(left)
            if subscription.is_deleted:
                raise not_found("Subscription", request.subscription)

    async def StreamingPull(self, requests: AsyncIterator[StreamingPullRequest], context) -> AsyncIterator[bytes]:
        """Send messages as they come, and carry out what the client sends meanwhile."""
        first = await first_request(requests)
        stream = Stream(self._find(first.subscription), first, self._min_ack_seconds)
        stream.apply(first)
        receiving = asyncio.ensure_future(stream.receive(requests))
        try:
            async for response in stream.responses():
                yield response
        finally:
            receiving.cancel()

    async def Seek(self, request, context):
        """Settle everything published before a time."""
        if request.HasField("snapshot"):
            raise unimplemented("SeekRequest.snapshot")
        if not request.HasField("time"):
            raise invalid("a seek must name a time; got neither time nor snapshot")
        self._find(request.subscription).seek(request.time.seconds + request.time.nanos / 1e9)
        return types.SeekResponse.pb()()

    def _find(self, name: str):
        return self._catalog.subscription(checks.resource_name("subscriptions", name))


def _patience_seconds(client_seconds: float | None) -> float:
    """Return how long a pull may wait: what is leased as its client gives up would be away until the ack deadline."""
    if client_seconds is None:
        return limits.PULL_WAIT_SECONDS
    return min(limits.PULL_WAIT_SECONDS, client_seconds - limits.PULL_ANSWER_SECONDS)
