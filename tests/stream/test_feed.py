"""The feed on its own: how long blocks stay open, what it says of itself, and a Pub/Sub that is away."""

import itertools
import threading
import time

import pytest

from pbm360 import broker
from pbm360.settings import Settings
from pbm360.stream.blocks import Block, receive
from pbm360.stream.feed import BLOCK_MESSAGES, BLOCKS_IN_FLIGHT, EXTENSION_SECONDS, PubSubFeed
from pbm360.stream.feed_state import Rate
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.shared import StopFlag
from pbm360.stream.watermark import IDLE_SECONDS, SLACK_SECONDS

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
    feed._puller.start()
    block = feed._next_block()
    assert 0 < len(block.messages) < BLOCK_MESSAGES // 10


def test_a_pull_that_fails_is_tried_again_and_is_no_idleness(monkeypatch, stop):
    answers = iter([AWAY, AWAY, [message()]])

    def pull(*arguments):
        answer = next(answers, [])
        if answer is AWAY:
            raise AWAY
        return answer or time.sleep(0.01) or []

    monkeypatch.setattr("pbm360.stream.pulling.AWAY_SECONDS", 0.01)
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
        feed._puller.give_back()
        return [message()]

    monkeypatch.setattr(broker, "pull", last_pull)
    feed._puller.start()
    feed._puller.wait_for_last_pull()
    assert [(len(ack_ids), seconds) for ack_ids, seconds in given_back] == [(1, 0)]


def take(feed, age_seconds=0.0):
    """Have the feed take one message that was published so long ago, as a block of its own."""
    published = time.time_ns() // 1000 - int(age_seconds * 1_000_000)
    feed._puller._pulled.put(([message()._replace(published=published)], time.time_ns() // 1000))
    return feed._next_block()


def watermark_of(feed):
    """Return the watermark that the feed tells next (seconds since 1970)."""
    feed._told_at -= 1
    return next(iter(feed._time_passes())).watermark_event.new_watermark / 1000 / 1000


def test_the_lag_is_the_age_of_the_oldest_message_in_hand_and_grows_while_it_waits(monkeypatch, stop):
    monkeypatch.setattr(broker, "acknowledge", lambda *arguments: None)
    feed = PubSubFeed(SETTINGS, stop)
    assert (feed.state.lag_seconds, feed.state.backlog) == (0.0, 0)
    block = take(feed, age_seconds=40)
    feed._puller._pulled.put(([message(), message()], 0))
    first = feed.state
    time.sleep(0.05)
    second = feed.state
    assert 40 <= first.lag_seconds < second.lag_seconds < 50
    assert (second.backlog, second.blocks_in_flight) == (3, 1)
    feed._free.acquire()
    feed.acknowledge(JudgedBlock(block, [], []))
    assert (feed.state.backlog, feed.state.blocks_in_flight, feed.state.received) == (2, 0, 1)
    assert feed.state.lag_seconds < 1


def test_a_pubsub_that_does_not_answer_shows_in_the_lag(stop):
    feed = PubSubFeed(SETTINGS, stop)
    feed._puller._note_away(AWAY)
    feed._puller.away_since -= 30
    feed._puller._note_away(AWAY)
    assert 30 <= feed.state.lag_seconds < 40


def test_the_rate_is_that_of_the_last_seconds_not_of_the_whole_run(monkeypatch):
    now = 100.0
    monkeypatch.setattr("pbm360.stream.feed_state.time.monotonic", lambda: now)
    rate = Rate()
    rates = []
    for count in (*range(0, 2000, 100), *[1900] * 15):
        rates.append(rate.of(count))
        now += 1
    assert rates[15] == 100.0 and rates[-1] == 0.0
    assert rates[25] == pytest.approx(100 * 4 / 10, abs=10)


def test_only_silence_lets_the_watermark_follow_the_clock(monkeypatch, stop):
    monkeypatch.setattr(broker, "acknowledge", lambda *arguments: None)
    feed = PubSubFeed(SETTINGS, stop)
    long_ago = time.monotonic() - 2 * IDLE_SECONDS
    feed._newest_event_at = old = (int(time.time()) - 7200) * 1_000_000
    held = old / 1_000_000 - SLACK_SECONDS
    block = take(feed)
    feed._busy_at = long_ago
    assert watermark_of(feed) == held, "a block that waits for the warehouse is taken for silence"
    feed._free.acquire()
    feed.acknowledge(JudgedBlock(block, [], []))
    feed._puller._note_away(AWAY)
    feed._busy_at = long_ago
    assert watermark_of(feed) == held, "a Pub/Sub that is away is taken for silence"
    feed._puller.away_since = None
    feed._puller._pulled.put(([message()], 0))
    feed._busy_at = long_ago
    assert watermark_of(feed) == held, "what was pulled and waits is taken for silence"
    feed._puller.take(0)
    assert watermark_of(feed) == held, "silence has not lasted yet"
    feed._busy_at = long_ago
    assert watermark_of(feed) > time.time() - SLACK_SECONDS - 5


def test_what_was_pulled_and_waits_stays_ours_too(monkeypatch, stop):
    kept = []
    monkeypatch.setattr(broker, "extend", lambda settings, name, ack_ids, seconds: kept.append((len(ack_ids), seconds)))
    monkeypatch.setattr("pbm360.stream.feed.EXTEND_EVERY_SECONDS", 0.01)
    feed = PubSubFeed(SETTINGS, stop)
    take(feed)
    feed._puller._pulled.put(([message(), message()], 0))
    threading.Thread(target=feed._keep_extending, daemon=True).start()
    deadline = time.monotonic() + 10
    while not kept and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept[0] == (3, EXTENSION_SECONDS)


def test_an_error_of_the_puller_ends_the_stream_and_is_told(monkeypatch, stop):
    def broken(*arguments):
        raise ValueError("no such thing")

    monkeypatch.setattr(broker, "pull", broken)
    feed = PubSubFeed(SETTINGS, stop)
    assert list(feed.read_multiple([])) == []
    with pytest.raises(ValueError, match="no such thing"):
        feed.close()
