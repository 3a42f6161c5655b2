"""A subscription at work: its queue, the messages' bodies, the ack ids, and those who wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pbm360.local.pubsub import limits
from pbm360.local.pubsub.acknowledged import AcknowledgedFile
from pbm360.local.pubsub.delivery_queue import DeliveryQueue, DeliveryRules
from pbm360.local.pubsub.message_log import MessageLog
from pbm360.local.pubsub.ordering_keys import Consumer
from pbm360.local.pubsub.refusal import invalid
from pbm360.local.pubsub.wire import PubsubMessage, received_message
from pbm360.local.pubsub.wire import Subscription as SubscriptionResource

MICROSECONDS = 1_000_000


class LoggedMessages:
    """The topic's messages as the queue wants to know them."""

    def __init__(self, log: MessageLog):
        self.log = log

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next message will get."""
        return self.log.next_sequence

    def size(self, sequence: int) -> int:
        """Bytes of a message."""
        return self.log.message_size(sequence)

    def ordering_key(self, sequence: int) -> str:
        """The message's ordering key, empty where it has none."""
        return PubsubMessage.FromString(self.log.read([sequence])[0]).ordering_key


class Subscription:
    """One subscription: its resource, its queue and its waiting pulls and streams.

    `forward(subscription, message, attempts)` publishes a message to the dead-letter topic and says whether it could.
    """

    def __init__(
        self,
        resource: SubscriptionResource,
        incarnation: int,
        path: Path,
        log: MessageLog,
        forward: Callable[[Subscription, PubsubMessage, int], bool],
        floor: int = 1,
    ):
        self.resource, self.incarnation, self.log = resource, incarnation, log
        self.is_deleted = False
        self.acknowledged = AcknowledgedFile(path, floor)
        self.acknowledged.forget_from(log.next_sequence)
        self.acknowledged.raise_floor(log.first_sequence)
        self._forward = forward
        self._ack_prefix = f"{incarnation:x}-"
        self._waiting: set[asyncio.Future] = set()
        # Numbers that no earlier process gave, so that an old ack id never extends a new lease.
        first_delivery = time.time_ns() // 1_000_000
        rules = delivery_rules(resource)
        self.queue = DeliveryQueue(LoggedMessages(log), self.acknowledged, rules, self._forward_dead, first_delivery)

    def take(self, consumer: Consumer, limit: int, ack_seconds: float) -> list[bytes]:
        """Lease messages to a consumer; returns them as entries of a pull's response."""
        leases = self.queue.take(consumer, limit, ack_seconds, time.monotonic())
        self.acknowledged.flush()  # dead letters may have been forwarded
        bodies = self.log.read([lease.sequence for lease in leases])
        has_attempts = self.queue.rules.max_delivery_attempts is not None
        return [
            received_message(
                f"{self._ack_prefix}{lease.sequence:x}-{lease.delivery:x}".encode(),
                body,
                lease.attempt if has_attempts else 0,
            )
            for lease, body in zip(leases, bodies, strict=True)
        ]

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """Settle messages; survives the process once this returns."""
        for sequence, _ in self.parse(ack_ids):
            self.queue.acknowledge(sequence)
        self.acknowledged.flush()
        self.wake()

    def modify(self, ack_ids: Iterable[str], seconds: Iterable[float]) -> None:
        """Move the deadlines of messages that are out; 0 seconds returns one at once."""
        now = time.monotonic()
        for (sequence, delivery), extension in zip(self.parse(ack_ids), seconds, strict=True):
            self.queue.extend(sequence, delivery, extension, now)
        self.acknowledged.flush()
        self.wake()

    def parse(self, ack_ids: Iterable[str]) -> list[tuple[int, int]]:
        """Read ack ids as (sequence, delivery). Raises a refusal for one that this subscription never gave."""
        prefix, next_sequence, pairs = self._ack_prefix, self.log.next_sequence, []
        for ack_id in ack_ids:
            sequence, _, delivery = ack_id.removeprefix(prefix).partition("-")
            try:
                pairs.append((int(sequence, 16), int(delivery, 16)))
            except ValueError as error:
                raise invalid(f"invalid ack ID (ack_id={ack_id[:100]!r}); expected one from a pull") from error
            if not ack_id.startswith(prefix) or not 0 < pairs[-1][0] < next_sequence:
                raise invalid(f"invalid ack ID (ack_id={ack_id[:100]!r}); expected one of {self.resource.name}")
        return pairs

    def advance(self) -> None:
        """Let time pass: expire leases, end backoffs, wake those who wait."""
        if self.queue.advance(time.monotonic()):
            self.acknowledged.flush()
            self.wake()

    def expire_old(self, now_seconds: float) -> None:
        """Settle what is older than the retention."""
        self.seek(now_seconds - self.resource.message_retention_duration.ToTimedelta().total_seconds())

    def seek(self, time_seconds: float) -> None:
        """Settle everything published before a time (seconds since 1970); what was settled already stays settled."""
        sequence = self.log.first_sequence_since(int(time_seconds * MICROSECONDS))
        if sequence > self.acknowledged.floor:
            self.queue.skip_before(sequence)

    def update_rules(self) -> None:
        """Take over the resource's dead-letter and retry policy."""
        self.queue.rules = delivery_rules(self.resource)

    async def wait(self, seconds: float) -> None:
        """Wait until something may be ready, at most so long."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return
        finally:
            self._waiting.discard(future)

    def wake(self) -> None:
        """Let those who wait look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def delete(self) -> None:
        """End it: those who wait find it deleted."""
        self.is_deleted = True
        self.acknowledged.close()
        self.wake()

    def _forward_dead(self, sequence: int, attempts: int) -> bool:
        message = PubsubMessage.FromString(self.log.read([sequence])[0])
        return self._forward(self, message, attempts)


def delivery_rules(resource: SubscriptionResource) -> DeliveryRules:
    """Read how a subscription delivers from its resource, whose defaults are filled in."""
    has_retry_policy = resource.HasField("retry_policy")
    retry = resource.retry_policy
    return DeliveryRules(
        is_ordered=resource.enable_message_ordering,
        max_delivery_attempts=resource.dead_letter_policy.max_delivery_attempts
        if resource.HasField("dead_letter_policy")
        else None,
        minimum_backoff_seconds=retry.minimum_backoff.ToTimedelta().total_seconds() if has_retry_policy else None,
        maximum_backoff_seconds=retry.maximum_backoff.ToTimedelta().total_seconds() if has_retry_policy else None,
    )


def pull_consumer(max_messages: int) -> Consumer:
    """Return the consumer that one pull is."""
    return Consumer(max_messages, limits.MAX_RESPONSE_BYTES)
