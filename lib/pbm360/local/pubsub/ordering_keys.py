"""Keep the messages of each ordering key in order: what waits, what is out, and with whom."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class Consumer:
    """Somebody who takes messages: one pull, or one stream with its flow control."""

    max_messages: int
    max_bytes: int
    messages: int = 0  # outstanding
    bytes: int = 0  # outstanding
    keys: dict[OrderingKey, None] = field(default_factory=dict)  # those whose messages are out with this consumer

    def has_room(self, size: int) -> bool:
        """Say whether a message of this size may go out now; one that is too large goes alone."""
        return self.messages == 0 or (self.messages < self.max_messages and self.bytes + size <= self.max_bytes)


@dataclass(eq=False, slots=True)
class Lease:
    """A message that is out: in which delivery and attempt, until when, and with whom."""

    sequence: int
    delivery: int  # unique in the queue
    attempt: int  # 1 for the first
    deadline: float
    consumer: Consumer
    size: int
    key: OrderingKey | None
    is_acknowledged: bool = False  # an ordered message whose predecessors are still out


@dataclass(eq=False, slots=True)
class OrderingKey:
    """The messages of one ordering key that were read and are not settled, in order."""

    name: str
    waiting: deque[int] = field(default_factory=deque)
    in_flight: deque[Lease] = field(default_factory=deque)
    not_before: float = 0.0  # the end of a backoff, 0 where there is none

    def is_open_to(self, consumer: Consumer) -> bool:
        """Say whether the consumer may have the next message: nobody else has an earlier one, and no backoff runs."""
        return not self.not_before and (not self.in_flight or self.in_flight[0].consumer is consumer)


class OrderingKeys:
    """Every ordering key of a subscription that has messages waiting or out."""

    def __init__(self) -> None:
        self._keys: dict[str, OrderingKey] = {}
        # something waits, nothing is out, no backoff: in order of arrival (a plain dict is slow to pop from its front)
        self._free: OrderedDict[OrderingKey, None] = OrderedDict()
        self._backoffs: list[tuple[float, int, OrderingKey]] = []
        self._numbers = itertools.count()

    def get(self, name: str) -> OrderingKey:
        """Return a key, made where it is new."""
        return self._keys.get(name) or self._keys.setdefault(name, OrderingKey(name))

    def open_to(self, consumer: Consumer) -> Iterator[OrderingKey]:
        """Yield the keys whose next waiting message the consumer may have."""
        for key in list(consumer.keys):
            if key.waiting and key.is_open_to(consumer):
                yield key
        while self._free:  # a key leaves it as soon as its message is leased
            yield next(iter(self._free))

    def lease(self, lease: Lease) -> None:
        """Note that the key's next message went out."""
        lease.key.in_flight.append(lease)
        lease.consumer.keys[lease.key] = None
        self._free.pop(lease.key, None)

    def acknowledge(self, lease: Lease) -> list[Lease]:
        """Mark a message; returns those that are settled by it: the marked ones before the first unmarked."""
        lease.is_acknowledged = True
        settled, in_flight = [], lease.key.in_flight
        while in_flight and in_flight[0].is_acknowledged:
            settled.append(in_flight.popleft())
        self.refresh(lease.key, lease.consumer)
        return settled

    def take_back(self, lease: Lease) -> list[Lease]:
        """Return a message and all later ones of its key to the waiting line, the acknowledged among them as well."""
        key, returned = lease.key, []
        while not returned or returned[-1] is not lease:
            returned.append(key.in_flight.pop())
        key.waiting.extendleft(later.sequence for later in returned)
        self.refresh(key, lease.consumer)
        return returned

    def remove(self, lease: Lease) -> list[Lease]:
        """Take a message out of its key for good, as if it were acknowledged; returns what is settled by it."""
        return self.acknowledge(lease)

    def hold_until(self, key: OrderingKey, instant: float) -> None:
        """Deliver nothing more of the key before an instant."""
        key.not_before = instant
        self._free.pop(key, None)
        heapq.heappush(self._backoffs, (instant, next(self._numbers), key))

    def advance(self, now: float) -> bool:
        """End backoffs that are over; returns whether there were any."""
        changed = False
        while self._backoffs and self._backoffs[0][0] <= now:
            instant, _, key = heapq.heappop(self._backoffs)
            if key.not_before == instant:
                key.not_before, changed = 0.0, True
                self.refresh(key)
        return changed

    def skip_before(self, sequence: int) -> None:
        """Forget waiting messages below a sequence number; those that are out were taken out by `remove`."""
        for key in list(self._keys.values()):
            key.waiting = deque(waiting for waiting in key.waiting if waiting >= sequence)
            self.refresh(key)

    def refresh(self, key: OrderingKey, consumer: Consumer | None = None) -> None:
        """Put the key where it belongs now: free, with a consumer, or forgotten."""
        self._free.pop(key, None)
        if key.in_flight:
            return
        if consumer is not None:
            consumer.keys.pop(key, None)
        if key.waiting and not key.not_before:
            self._free[key] = None
        elif not key.waiting and not key.not_before:
            self._keys.pop(key.name, None)
