"""The queue's core logic, without server or clock: nothing lost, nothing after its acknowledgement, keys in order."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pbm360.local.pubsub.acknowledged import AcknowledgedSet
from pbm360.local.pubsub.delivery_queue import DeliveryQueue, DeliveryRules
from pbm360.local.pubsub.ordering_keys import Consumer

ACK_SECONDS = 10.0
KEYS = ["", "a", "b"]


class PublishedMessages:
    """Messages of one byte each, in memory: what the queue must know of a topic."""

    def __init__(self, *keys: str):
        self.keys = list(keys)

    @property
    def next_sequence(self) -> int:
        return len(self.keys) + 1

    def size(self, sequence: int) -> int:
        return 1

    def ordering_key(self, sequence: int) -> str:
        return self.keys[sequence - 1]


def anybody(max_messages: int = 1000) -> Consumer:
    return Consumer(max_messages, 1_000_000)


def sequences(leases: list) -> list[int]:
    return [lease.sequence for lease in leases]


def test_messages_go_out_once_in_order_of_publishing():
    queue = DeliveryQueue(PublishedMessages("", "", ""), AcknowledgedSet(), DeliveryRules())
    assert sequences(queue.take(anybody(), 2, ACK_SECONDS, now=0)) == [1, 2]
    assert sequences(queue.take(anybody(), 2, ACK_SECONDS, now=0)) == [3]
    assert queue.take(anybody(), 2, ACK_SECONDS, now=9.9) == []


def test_an_expired_lease_goes_out_again_before_new_messages():
    queue = DeliveryQueue(PublishedMessages("", "", ""), AcknowledgedSet(), DeliveryRules())
    queue.take(anybody(), 1, ACK_SECONDS, now=0)
    assert sequences(queue.take(anybody(), 2, ACK_SECONDS, now=10)) == [1, 2]


def test_an_extension_for_an_earlier_delivery_does_not_move_the_later_one():
    queue = DeliveryQueue(PublishedMessages(""), AcknowledgedSet(), DeliveryRules())
    (first,) = queue.take(anybody(), 1, ACK_SECONDS, now=0)
    (second,) = queue.take(anybody(), 1, ACK_SECONDS, now=10)
    queue.extend(1, first.delivery, 0, now=11)
    assert queue.take(anybody(), 1, ACK_SECONDS, now=11) == []
    queue.extend(1, second.delivery, 0, now=12)
    assert [lease.attempt for lease in queue.take(anybody(), 1, ACK_SECONDS, now=12)] == [3]


def test_memory_follows_what_is_out_and_not_what_went_through():
    queue = DeliveryQueue(PublishedMessages(*[""] * 20_000), AcknowledgedSet(), DeliveryRules())
    (held,) = queue.take(anybody(), 1, ACK_SECONDS, now=0)
    while leases := queue.take(anybody(), 100, ACK_SECONDS, now=1):
        for lease in leases:
            queue.acknowledge(lease.sequence)
    assert len(queue._expiries) <= 1_500
    assert sequences(queue.take(anybody(), 1, ACK_SECONDS, now=10)) == [held.sequence]


def test_backoff_doubles_from_its_minimum_to_its_maximum():
    rules = DeliveryRules(minimum_backoff_seconds=10, maximum_backoff_seconds=35)
    assert [rules.backoff_seconds(attempt) for attempt in (1, 2, 3, 90)] == [10, 20, 35, 35]
    assert DeliveryRules().backoff_seconds(3) == 0


def test_a_returned_message_waits_for_its_backoff():
    rules = DeliveryRules(minimum_backoff_seconds=10, maximum_backoff_seconds=600)
    queue = DeliveryQueue(PublishedMessages(""), AcknowledgedSet(), rules)
    (lease,) = queue.take(anybody(), 1, ACK_SECONDS, now=0)
    queue.extend(1, lease.delivery, 0, now=1)
    assert queue.take(anybody(), 1, ACK_SECONDS, now=10.9) == []
    assert sequences(queue.take(anybody(), 1, ACK_SECONDS, now=11)) == [1]


def test_a_key_in_backoff_holds_its_later_messages_but_no_other_key():
    rules = DeliveryRules(is_ordered=True, minimum_backoff_seconds=10, maximum_backoff_seconds=600)
    queue = DeliveryQueue(PublishedMessages("a", "a", "b"), AcknowledgedSet(), rules)
    (lease,) = queue.take(anybody(), 1, ACK_SECONDS, now=0)
    queue.extend(1, lease.delivery, 0, now=1)
    assert sequences(queue.take(anybody(), 9, 100, now=5)) == [3]
    assert sequences(queue.take(anybody(), 9, 100, now=11)) == [1, 2]


def test_an_exhausted_message_is_forwarded_and_settled():
    forwarded = []

    def forward(sequence: int, attempts: int) -> bool:
        forwarded.append((sequence, attempts))
        return True

    queue = DeliveryQueue(PublishedMessages(""), AcknowledgedSet(), DeliveryRules(max_delivery_attempts=2), forward)
    queue.take(anybody(), 1, ACK_SECONDS, now=0)
    queue.take(anybody(), 1, ACK_SECONDS, now=10)
    assert queue.take(anybody(), 1, ACK_SECONDS, now=20) == []
    assert forwarded == [(1, 2)]
    assert (queue.outstanding, queue.acknowledged.floor) == (0, 2)


def test_a_forwarded_message_of_a_key_opens_the_way_for_the_next():
    rules = DeliveryRules(is_ordered=True, max_delivery_attempts=1)
    queue = DeliveryQueue(PublishedMessages("a", "a"), AcknowledgedSet(), rules, lambda sequence, attempts: True)
    queue.take(anybody(), 1, ACK_SECONDS, now=0)
    assert sequences(queue.take(anybody(), 9, ACK_SECONDS, now=10)) == [2]


def test_skipping_ahead_settles_what_is_out_and_what_waits():
    queue = DeliveryQueue(PublishedMessages("a", "a", "", "b"), AcknowledgedSet(), DeliveryRules(is_ordered=True))
    consumer = anybody()
    queue.take(consumer, 1, ACK_SECONDS, now=0)
    queue.skip_before(4)
    assert (queue.outstanding, consumer.messages, queue.acknowledged.floor) == (0, 0, 4)
    assert sequences(queue.take(consumer, 9, ACK_SECONDS, now=100)) == [4]


class QueueMachine(RuleBasedStateMachine):
    """Drive a queue by any sequence of events and hold it to what a subscriber may rely on."""

    def __init__(self) -> None:
        super().__init__()
        self.messages, self.acknowledged, self.now = PublishedMessages(), AcknowledgedSet(), 0.0
        self.settled: set[int] = set()  # acknowledged or forwarded: must never go out again
        self.given: dict[int, list] = defaultdict(list)  # deliveries by sequence number
        self.consumers = [anybody(4), anybody(1000)]

    @initialize(
        is_ordered=st.booleans(),
        limit=st.sampled_from([None, 2]),
        backoff=st.sampled_from([None, 3.0]),
    )
    def begin(self, is_ordered: bool, limit: int | None, backoff: float | None) -> None:
        self.rules = DeliveryRules(is_ordered, limit, backoff, backoff)
        self.queue = self.make_queue()

    def make_queue(self) -> DeliveryQueue:
        return DeliveryQueue(self.messages, self.acknowledged, self.rules, self.forward, 1000 * (1 + int(self.now)))

    def forward(self, sequence: int, attempts: int) -> bool:
        assert attempts >= self.rules.max_delivery_attempts
        if sequence % 3 == 0:  # its dead-letter topic is gone
            return False
        self.settled.add(sequence)
        return True

    @rule(key=st.sampled_from(KEYS))
    def publish(self, key: str) -> None:
        self.messages.keys.append(key)

    @rule(who=st.integers(0, 1), limit=st.integers(1, 5))
    def take(self, who: int, limit: int) -> None:
        self.check(self.queue.take(self.consumers[who], limit, ACK_SECONDS, self.now))

    def check(self, leases: list) -> None:
        for lease in leases:
            assert lease.sequence not in self.settled
            assert lease.sequence not in self.acknowledged
            key = self.messages.keys[lease.sequence - 1]
            if self.rules.is_ordered and key:
                earlier = [n for n in range(1, lease.sequence) if self.messages.keys[n - 1] == key]
                for sequence in earlier:
                    out = self.queue._leases.get(sequence)
                    assert sequence in self.acknowledged or out is not None, "a later message of a key went first"
                    assert out is None or out.consumer is lease.consumer, "a key's messages are with two consumers"
            self.given[lease.sequence].append(lease)

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def acknowledge(self, data) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.given)))
        self.queue.acknowledge(sequence)
        if sequence in self.acknowledged:
            self.settled.add(sequence)
        else:
            assert self.rules.is_ordered and self.messages.keys[sequence - 1], "an acknowledgement was lost"

    @precondition(lambda self: self.given)
    @rule(data=st.data(), seconds=st.sampled_from([0.0, 1.0, 30.0]))
    def extend(self, data, seconds: float) -> None:
        lease = data.draw(st.sampled_from(self.given[data.draw(st.sampled_from(sorted(self.given)))]))
        self.queue.extend(lease.sequence, lease.delivery, seconds, self.now)

    @rule(seconds=st.sampled_from([0.5, 5.0, 40.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds
        self.queue.advance(self.now)

    @rule()
    def restart(self) -> None:
        """Only what is settled is remembered."""
        self.now += 1
        self.queue = self.make_queue()
        self.consumers = [anybody(4), anybody(1000)]

    @invariant()
    def flow_control_counts_what_is_out(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert sum(consumer.messages for consumer in self.consumers) == self.queue.outstanding
        assert self.consumers[0].messages <= 4

    def teardown(self) -> None:
        """Everything that was published and not settled is delivered in the end, until it is acknowledged."""
        if not hasattr(self, "queue"):
            return
        for _ in range(3 + 2 * len(self.messages.keys)):
            self.now += 100
            leases = self.queue.take(anybody(), 1000, ACK_SECONDS, self.now)
            self.check(leases)
            for lease in leases:
                self.queue.acknowledge(lease.sequence)
        assert self.acknowledged.floor == self.messages.next_sequence
        assert self.queue.outstanding == 0


QueueMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnySequenceOfEvents = QueueMachine.TestCase
