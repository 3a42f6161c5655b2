"""The feed on its own: blocks stay open for a moment only, and a Pub/Sub that is away neither ends nor starves it."""

import itertools
import threading
import time

import pytest

from pbm360 import broker
from pbm360.settings import Settings
from pbm360.stream.blocks import Block, receive
from pbm360.stream.feed import BLOCK_MESSAGES, BLOCKS_IN_FLIGHT, PubSubFeed
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.shared import StopFlag

SETTINGS = Settings(pubsub_endpoint="127.0.0.1:1", pseudonym_key="a-key-that-only-the-tests-know-0123456789")
AWAY = broker.BrokerError("Pub/Sub is away")
NUMBERS = itertools.count()


def message():
    number = str(next(NUMBERS))
    return broker.ReceivedMessage(number, number, time.time_ns() // 1000, {}, b"{}")


@pytest.fixture
def stop():
    flag = StopFlag()
    yield flag
    flag.set()


def test_a_steady_trickle_does_not_keep_a_block_open_until_it_is_full(monkeypatch, stop):
    def trickle(*arguments):
        time.sleep(0.002)
        return [message()]

    monkeypatch.setattr(broker, "pull", trickle)
    feed = PubSubFeed(SETTINGS, stop)
    threading.Thread(target=feed._keep_pulling, daemon=True).start()
    block = feed._next_block()
    assert 0 < len(block.messages) < BLOCK_MESSAGES // 10


def test_a_pull_that_fails_is_tried_again_and_is_no_idleness(monkeypatch, stop):
    answers = iter([AWAY, AWAY, [message()]])

    def pull(*arguments):
        answer = next(answers, [])
        if answer is AWAY:
            raise AWAY
        return answer or time.sleep(0.01) or []

    monkeypatch.setattr("pbm360.stream.feed.AWAY_SECONDS", 0.01)
    monkeypatch.setattr(broker, "pull", pull)
    feed = PubSubFeed(SETTINGS, stop, until_idle_seconds=5)
    events = feed.read_multiple([])
    assert any(event.HasField("element_event") for event in itertools.islice(events, 200))


def test_a_block_whose_acknowledgement_fails_makes_room_for_the_next(monkeypatch, stop):
    def refuse(*arguments):
        raise AWAY

    monkeypatch.setattr(broker, "acknowledge", refuse)
    feed = PubSubFeed(SETTINGS, stop)
    for number in range(BLOCKS_IN_FLIGHT + 1):
        assert feed._free.acquire(timeout=1)
        block = Block(number, [receive("1", 1, {}, b"{}", 1)])
        feed._ack_ids[number], feed._blocks[number] = ["ack"], block
        feed.acknowledge(JudgedBlock(block, [], []))
    assert feed.state.received == BLOCKS_IN_FLIGHT + 1


def test_what_is_pulled_after_the_end_is_given_back(monkeypatch, stop):
    given_back = []
    monkeypatch.setattr(
        broker, "extend", lambda settings, name, ack_ids, seconds: given_back.append((ack_ids, seconds))
    )
    feed = PubSubFeed(SETTINGS, stop)

    def last_pull(*arguments):
        feed._give_back()
        return [message()]

    monkeypatch.setattr(broker, "pull", last_pull)
    feed._keep_pulling()
    assert [(len(ack_ids), seconds) for ack_ids, seconds in given_back] == [(1, 0)]
