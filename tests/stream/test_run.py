"""The stream on real servers: killed at random and started again it loses nothing and counts nothing twice."""

import os
import signal
import threading
import time
import weakref
from types import SimpleNamespace

import psutil
import pytest

from pbm360 import broker
from pbm360.stream import feed, pulling, run
from pbm360.stream.feed_state import FeedState
from pbm360.stream.only_one import StreamRunning, only_stream
from pbm360.stream.run import run_stream
from pbm360.stream.shared import StopFlag
from pbm360.stream.sinks import TableAppender
from pbm360.warehouse import Warehouse
from tests.benchmarks.chaos import run_chaos
from tests.benchmarks.fuzz import run_fuzz
from tests.benchmarks.killable import killable_servers
from tests.benchmarks.live_events import events_now, templates
from tests.stream.counts import raw_count

BLOCK_MESSAGES, PULLS_AHEAD = 1500, 2  # smaller than the stream's own: the bound is reached sooner
IN_HAND = feed.BLOCKS_IN_FLIGHT * (BLOCK_MESSAGES + pulling.FULL_PULL) + (PULLS_AHEAD + 2) * pulling.FULL_PULL
WAIT_SECONDS = 240
KNOWN_OTHERWISE = """
    with
        raw as (
            select message_id, min(known_at) as known_at from pbm_bronze.raw_orders
            where known_date > date '2000-01-01' group by message_id
        ),
        live as (select message_id, min(known_at) as known_at from pbm_live.order_events group by message_id)
    select count(*) as n from raw left join live on live.message_id = raw.message_id
    where live.known_at is null or live.known_at != raw.known_at
"""


def wait_for(is_so, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.timeout(900)
def test_killed_at_random_with_its_servers_it_loses_nothing_and_counts_nothing_twice(stack_settings, tmp_path):
    outcome = run_chaos(tmp_path, stack_settings, events=6000, kills=4, outages=0, seed=3)
    assert sum(outcome.kills.values()) == 4
    assert (outcome.lost, outcome.unequal_in_batch, outcome.minutes_counted_wrong) == (0, 0, 0)


@pytest.mark.timeout(900)
def test_what_no_source_should_send_stops_nothing_and_is_accounted_for(home, tmp_path):
    settings, warehouse = home
    outcome = run_fuzz(warehouse, tmp_path / "large", count=400, seed=2, sizes=(1_000_000, 8_000_001))
    assert outcome.published == outcome.received == outcome.in_bronze == 400
    assert outcome.accepted + outcome.rejected == outcome.received
    assert (outcome.dead_letters, outcome.large_objects, outcome.refused_at_publish) == (outcome.rejected, 1, 1)
    assert outcome.ledger["new"] == outcome.ledger["accepted"] + outcome.ledger["rejected"] == 400


@pytest.mark.timeout(900)
def test_a_warehouse_that_stands_still_bounds_what_is_taken_and_the_stream_goes_on_after_it(
    stack_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(feed, "BLOCK_MESSAGES", BLOCK_MESSAGES)
    monkeypatch.setattr(pulling, "PULLS_AHEAD", PULLS_AHEAD)
    servers, settings = killable_servers(tmp_path, stack_settings)
    warehouse, stop, backlogs = Warehouse(settings), StopFlag(), []
    standing = psutil.Process(servers["warehouse"].process.pid)
    try:
        warehouse.create_tables()
        broker.ensure_topics(settings)
        events = events_now(templates(settings.pseudonym_key, orders=50), "still")
        total = 2 * IN_HAND
        running = threading.Thread(
            target=run_stream,
            args=(settings,),
            kwargs={"stop": stop, "progress": lambda state: backlogs.append(state.backlog)},
        )
        running.start()
        broker.publish_batches(settings, settings.topic, [next(events) for _ in range(100)])
        wait_for(lambda: raw_count(warehouse) == 100, "the stream landed nothing")
        standing.suspend()
        broker.publish_batches(settings, settings.topic, [next(events) for _ in range(total - 100)])
        wait_for(
            lambda: len(backlogs) > 5 and len(set(backlogs[-4:])) == 1 and backlogs[-1] > 0, "it takes more and more"
        )
        size = psutil.Process().memory_info().rss
        time.sleep(3)
        assert 0 < backlogs[-1] <= IN_HAND
        assert psutil.Process().memory_info().rss < size * 1.05, "memory grows while nothing is landed"
        standing.resume()
        wait_for(lambda: raw_count(warehouse) == total, "the stream did not go on")
    finally:
        standing.resume()
        stop.set()
        running.join(WAIT_SECONDS)
        for server in servers.values():
            server.kill()
    assert not running.is_alive()


@pytest.mark.timeout(600)
def test_a_sigterm_ends_it_cleanly_with_everything_taken_landed_or_given_back(home):
    from tests.benchmarks.processes import start_stream

    settings, warehouse = home
    events = events_now(templates(settings.pseudonym_key, orders=50), "clean")
    broker.publish_batches(settings, settings.topic, [next(events) for _ in range(12_000)])
    process = start_stream(settings)
    wait_for(lambda: raw_count(warehouse) > 0, "the stream landed nothing")
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    landed = raw_count(warehouse)
    rest = run_stream(settings, until_idle_seconds=2)
    assert landed + rest.received == raw_count(warehouse) == 12_000, "a message was landed and not acknowledged"


@pytest.mark.timeout(600)
def test_a_sigterm_ends_it_although_the_warehouse_is_away_and_the_next_one_lands_the_rest(stack_settings, tmp_path):
    from tests.benchmarks.processes import start_stream

    servers, settings = killable_servers(tmp_path, stack_settings)
    warehouse = Warehouse(settings)
    try:
        warehouse.create_tables()
        broker.ensure_topics(settings)
        events = events_now(templates(settings.pseudonym_key, orders=50), "away")
        process = start_stream(settings)
        broker.publish_batches(settings, settings.topic, [next(events) for _ in range(2000)])
        wait_for(lambda: raw_count(warehouse) > 0, "the stream landed nothing")
        servers["warehouse"].kill()
        broker.publish_batches(settings, settings.topic, [next(events) for _ in range(2000)])
        time.sleep(5)  # it holds messages that it can't land
        assert process.poll() is None, "it does not wait for its warehouse"
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
        servers["warehouse"].start()
        run_stream(settings, until_idle_seconds=3)
        assert raw_count(warehouse) == 4000
        assert warehouse.query(KNOWN_OTHERWISE).to_pylist() == [{"n": 0}]
    finally:
        process.kill()
        for server in servers.values():
            server.kill()


def test_a_refused_message_is_in_bronze_and_its_pointer_on_the_dead_letter_topic(home):
    settings, warehouse = home
    broker.publish_batches(settings, settings.topic, [(b"\xff\x00 no JSON", {"source": "wms"}), (b"[]", {})])
    state = run_stream(settings, until_idle_seconds=1)
    assert (state.received, state.accepted, state.rejected, state.backlog) == (2, 0, 2, 0)
    payloads = warehouse.read_table("bronze.raw_orders", ["payload"])["payload"].to_pylist()
    assert sorted(payloads) == [b"[]", b"\xff\x00 no JSON"]
    letters = broker.pull(settings, settings.dead_letter_subscription, 10)
    assert [letter.attributes["reason_code"] for letter in letters] == ["malformed_json"] * 2


def test_what_ends_the_reading_is_told_and_the_next_stream_lands_what_it_held(home, monkeypatch):
    settings, warehouse = home

    def full(*arguments):
        raise OSError("no space left on the disk")

    broker.publish_batches(settings, settings.topic, [(b"{}", {})])
    monkeypatch.setattr(feed, "landable", full)
    with pytest.raises(OSError, match="no space left"):
        run_stream(settings, until_idle_seconds=1)
    assert raw_count(warehouse) == 0
    monkeypatch.undo()
    wait_for(lambda: run_stream(settings, until_idle_seconds=1).received == 1, "the message did not come again")


def test_a_second_stream_is_refused_while_the_first_one_runs(home):
    settings, _ = home
    with only_stream(settings), pytest.raises(StreamRunning, match=rf"pid {os.getpid()}\) .* speed-layer drain"):
        run_stream(settings, until_idle_seconds=1)
    run_stream(settings, until_idle_seconds=1)


def test_a_beat_holds_what_the_stream_says_of_itself(home):
    settings, warehouse = home
    told = FeedState(received=9, rejected=2, too_late=1, backlog=4, lag_seconds=0.25, messages_per_second=3.5)
    run.beat(TableAppender(settings, "ops.heartbeats", run.BEAT_SCHEMA), told)
    [kept] = warehouse.query("select * from pbm_ops.heartbeats where beat_date >= '2000-01-01'").to_pylist()
    figures = ("received_count", "rejected_count", "too_late_count", "backlog_count", "lag_seconds")
    assert [kept[name] for name in (*figures, "messages_per_second")] == [9, 2, 1, 4, 0.25, 3.5]
    assert str(told) == "9 messages, 2 refused, 1 too late to count, 4/s, lag 0.25 s, backlog 4"


def test_a_stream_collects_and_gives_memory_back_while_it_runs(monkeypatch):
    given_back, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(run, "give_back", given_back.set)
    monkeypatch.setattr(run, "TELL_SECONDS", 0.01)
    monkeypatch.setattr(run, "GIVE_BACK_SECONDS", 0.0)
    cycle = type("Cycle", (), {})  # as a class is one, the runner's are
    left = weakref.ref(cycle)
    del cycle
    shown = []
    teller = threading.Thread(
        target=run._tell, args=(SimpleNamespace(state=FeedState()), shown.append, ended), daemon=True
    )
    teller.start()
    assert given_back.wait(10) and shown
    ended.set()
    teller.join(10)
    assert left() is None and not teller.is_alive()
