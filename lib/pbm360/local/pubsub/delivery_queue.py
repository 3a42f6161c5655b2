"""Decide which message of a subscription goes out when: leases, acknowledgements, redelivery, backoff, dead letters.

Pure: no I/O, no clock (every call is told the time, in seconds of any steady clock), no message bodies. A message is
known by its sequence number in the topic. Memory grows with what is outstanding, never with the backlog: all that was
not read yet is one number, the cursor.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pbm360.local.pubsub.acknowledged import AcknowledgedSet
from pbm360.local.pubsub.ordering_keys import Consumer, Lease, OrderingKey, OrderingKeys

SPARE_EXPIRIES = 1_000  # entries of the heap that may be over without being cleared away


class Messages(Protocol):
    """What the queue must know of the topic's messages."""

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next message will get."""

    def size(self, sequence: int) -> int:
        """Bytes of a message."""

    def ordering_key(self, sequence: int) -> str:
        """The message's ordering key, empty where it has none."""


@dataclass(frozen=True)
class DeliveryRules:
    """How a subscription delivers. The backoffs are None where there is no retry policy: redelivery is immediate."""

    is_ordered: bool = False
    max_delivery_attempts: int | None = None  # None where there is no dead-letter policy
    minimum_backoff_seconds: float | None = None
    maximum_backoff_seconds: float | None = None

    def backoff_seconds(self, attempt: int) -> float:
        """Return the wait before the delivery that follows attempt number `attempt`."""
        if self.minimum_backoff_seconds is None or self.maximum_backoff_seconds is None:
            return 0.0
        return min(self.maximum_backoff_seconds, self.minimum_backoff_seconds * 2.0 ** min(attempt - 1, 60))


class DeliveryQueue:
    """One subscription's queue.

    `forward(sequence, attempts)` is asked to put a message that used up its attempts into the dead-letter topic; where
    it returns False the message is delivered once more. Attempts are counted in memory: a restart begins anew.
    """

    def __init__(
        self,
        messages: Messages,
        acknowledged: AcknowledgedSet,
        rules: DeliveryRules,
        forward: Callable[[int, int], bool] = lambda sequence, attempts: False,
        first_delivery: int = 1,
    ):
        self.messages, self.acknowledged, self.rules, self.forward = messages, acknowledged, rules, forward
        self._cursor = acknowledged.floor
        self._next_delivery = first_delivery
        self._leases: dict[int, Lease] = {}
        self._expiries: list[tuple[float, int, int]] = []  # heap of (deadline, sequence, delivery)
        self._returned: list[int] = []  # heap of messages without a key that may go out again
        self._backoffs: list[tuple[float, int]] = []  # heap of (not before, sequence)
        self._attempts: dict[int, int] = {}
        self._keys = OrderingKeys()

    @property
    def outstanding(self) -> int:
        """How many messages are out."""
        return len(self._leases)

    def take(self, consumer: Consumer, limit: int, ack_seconds: float, now: float) -> list[Lease]:
        """Lease up to `limit` messages to a consumer, as far as its flow control allows; redeliveries come first."""
        self.advance(now)
        taken: list[Lease] = []
        for source in (self._returned_messages, self._waiting_messages, self._new_messages):
            for sequence, key, size in source(consumer):
                taken.append(self._lease(sequence, key, size, consumer, now + ack_seconds))
                if len(taken) >= limit:
                    return taken
        return taken

    def acknowledge(self, sequence: int) -> None:
        """Settle a message. An ordered one is settled once its predecessors are.

        An acknowledgement of an earlier delivery counts too, except for an ordered message that waits to go out again.
        """
        lease = self._leases.get(sequence)
        if lease is None:
            is_known = sequence < self.messages.next_sequence and sequence not in self.acknowledged
            if is_known and not self._key_of(sequence):
                self._settle(sequence)
        elif lease.key is None:
            self._release(lease)
            self._settle(sequence)
        else:
            self._settle_in_order(lease)

    def extend(self, sequence: int, delivery: int, seconds: float, now: float) -> None:
        """Move a lease's deadline to `seconds` from now; 0 returns the message. A lease that is over stays over."""
        lease = self._leases.get(sequence)
        if lease is None or lease.delivery != delivery or lease.is_acknowledged:
            return
        if seconds <= 0:
            self._take_back(lease, now)
            return
        if now + seconds < lease.deadline:
            heapq.heappush(self._expiries, (now + seconds, sequence, delivery))
        lease.deadline = now + seconds

    def advance(self, now: float) -> bool:
        """Expire leases and end backoffs; returns whether something may go out that could not before."""
        changed = self._keys.advance(now)
        while self._backoffs and self._backoffs[0][0] <= now:
            heapq.heappush(self._returned, heapq.heappop(self._backoffs)[1])
            changed = True
        while self._expiries and self._expiries[0][0] <= now:
            _, sequence, delivery = heapq.heappop(self._expiries)
            lease = self._leases.get(sequence)
            if lease is None or lease.delivery != delivery or lease.is_acknowledged:
                continue
            if lease.deadline > now:
                heapq.heappush(self._expiries, (lease.deadline, sequence, delivery))
                continue
            self._take_back(lease, now)
            changed = True
        return changed

    def skip_before(self, sequence: int) -> None:
        """Settle everything below a sequence number."""
        for lease in [lease for lease in self._leases.values() if lease.sequence < sequence]:
            if lease.key is not None:
                self._keys.remove(lease)
            self._release(lease)
        self._attempts = {known: attempts for known, attempts in self._attempts.items() if known >= sequence}
        self.acknowledged.raise_floor(sequence)
        self._cursor = max(self._cursor, sequence)
        self._keys.skip_before(sequence)

    def _returned_messages(self, consumer: Consumer) -> Iterator[tuple[int, OrderingKey | None, int]]:
        while self._returned:
            sequence = self._returned[0]
            if sequence in self.acknowledged:
                heapq.heappop(self._returned)
                continue
            size = self.messages.size(sequence)
            if not consumer.has_room(size):
                return
            heapq.heappop(self._returned)
            yield sequence, None, size

    def _waiting_messages(self, consumer: Consumer) -> Iterator[tuple[int, OrderingKey | None, int]]:
        for key in self._keys.open_to(consumer):
            while key.waiting:
                size = self.messages.size(key.waiting[0])
                if not consumer.has_room(size):
                    return
                yield key.waiting.popleft(), key, size

    def _new_messages(self, consumer: Consumer) -> Iterator[tuple[int, OrderingKey | None, int]]:
        self._cursor = max(self._cursor, self.acknowledged.floor)
        end = self.messages.next_sequence
        while self._cursor < end:
            sequence = self._cursor
            if sequence in self.acknowledged:
                self._cursor += 1
                continue
            size = self.messages.size(sequence)
            if not consumer.has_room(size):
                return
            self._cursor += 1
            name = self._key_of(sequence)
            key = self._keys.get(name) if name else None
            if key is not None and (key.waiting or not key.is_open_to(consumer)):
                key.waiting.append(sequence)
                continue
            yield sequence, key, size

    def _lease(self, sequence: int, key: OrderingKey | None, size: int, consumer: Consumer, deadline: float) -> Lease:
        attempt = self._attempts.get(sequence, 0) + 1
        lease = Lease(sequence, self._next_delivery, attempt, deadline, consumer, size, key)
        self._next_delivery += 1
        self._attempts[sequence] = attempt
        self._leases[sequence] = lease
        heapq.heappush(self._expiries, (deadline, sequence, lease.delivery))
        self._forget_settled_expiries()
        consumer.messages += 1
        consumer.bytes += size
        if key is not None:
            self._keys.lease(lease)
        return lease

    def _release(self, lease: Lease) -> None:
        del self._leases[lease.sequence]
        lease.consumer.messages -= 1
        lease.consumer.bytes -= lease.size

    def _forget_settled_expiries(self) -> None:
        """Keep the heap in proportion to what is out: a quick subscriber would fill it long before a deadline comes."""
        if len(self._expiries) > SPARE_EXPIRIES + 2 * len(self._leases):
            self._expiries = [(lease.deadline, lease.sequence, lease.delivery) for lease in self._leases.values()]
            heapq.heapify(self._expiries)

    def _settle(self, sequence: int) -> None:
        self._attempts.pop(sequence, None)
        self.acknowledged.add(sequence)

    def _settle_in_order(self, lease: Lease) -> None:
        for settled in self._keys.acknowledge(lease):
            self._release(settled)
            self._settle(settled.sequence)

    def _take_back(self, lease: Lease, now: float) -> None:
        limit = self.rules.max_delivery_attempts
        if limit is not None and lease.attempt >= limit and self.forward(lease.sequence, lease.attempt):
            self.acknowledge(lease.sequence)
            return
        wait = self.rules.backoff_seconds(lease.attempt)
        if lease.key is not None:
            self._take_back_in_order(lease, now, wait)
            return
        self._release(lease)
        if wait:
            heapq.heappush(self._backoffs, (now + wait, lease.sequence))
        else:
            heapq.heappush(self._returned, lease.sequence)

    def _take_back_in_order(self, lease: Lease, now: float, wait: float) -> None:
        for returned in self._keys.take_back(lease):
            self._release(returned)
            if returned is not lease:
                self._attempts[returned.sequence] -= 1  # it failed through its predecessor, not by itself
        if wait:
            self._keys.hold_until(lease.key, now + wait)

    def _key_of(self, sequence: int) -> str:
        return self.messages.ordering_key(sequence) if self.rules.is_ordered else ""
