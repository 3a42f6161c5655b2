"""The stream while one of its servers is away: it waits, shows itself all the while, and goes on when it is back."""

import threading
import time

import psutil
import pytest

from pbm360 import broker
from pbm360.stream import refusing
from pbm360.stream.refusing import publish_until_taken
from pbm360.stream.retrying import Stopped
from pbm360.stream.run import run_stream
from pbm360.stream.shared import StopFlag
from pbm360.warehouse import Warehouse
from tests.benchmarks.killable import killable_servers
from tests.stream.counts import raw_count

PATIENCE_SECONDS = 120
LETTER = (b"{}", {"reason_code": "malformed_json"})


@pytest.fixture
def home(tmp_path, stack_settings):
    """Servers of the test's own and the settings that point at them, with tables and topics."""
    servers, settings = killable_servers(tmp_path, stack_settings)
    Warehouse(settings).create_tables()
    broker.ensure_topics(settings)
    yield servers, settings
    for server in servers.values():
        server.kill()


class RunningStream:
    """The stream in a thread; `shown` holds the instant of each look at it."""

    def __init__(self, settings):
        self.stop, self.shown = StopFlag(), []
        options = {"stop": self.stop, "progress": lambda state: self.shown.append(time.monotonic())}
        self.thread = threading.Thread(target=run_stream, args=(settings,), kwargs=options)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join(PATIENCE_SECONDS)


def wait_for(is_so, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def letters(settings):
    return [letter.attributes for letter in broker.pull(settings, settings.dead_letter_subscription, 10)]


def beats(settings):
    sql = "select count(*) as n from pbm_ops.heartbeats where beat_date > '2000-01-01'"
    return Warehouse(settings).query(sql).to_pylist()[0]["n"]


@pytest.mark.timeout(600)
def test_a_refusal_in_hand_waits_for_pubsub(home, monkeypatch, caplog):
    servers, settings = home
    monkeypatch.setattr(broker, "RETRY", broker.RETRY.with_timeout(1.0))
    monkeypatch.setattr(refusing, "PUBLISH_SECONDS", 0.5)
    warehouse, standing = Warehouse(settings), psutil.Process(servers["warehouse"].process.pid)
    with RunningStream(settings) as stream:
        broker.publish_batches(settings, settings.topic, [(b"{}", {})])
        wait_for(lambda: raw_count(warehouse) == 1, "the stream landed nothing")
        assert len(letters(settings)) == 1
        standing.suspend()  # so that it has a refusal in hand when Pub/Sub goes
        broker.publish_batches(settings, settings.topic, [(b"[", {})])
        time.sleep(2)
        servers["Pub/Sub"].kill()
        standing.resume()
        wait_for(lambda: caplog.text.count("orders-dead-letter takes nothing") > 2, "it has not tried again")
        assert stream.thread.is_alive()
        servers["Pub/Sub"].start()
        wait_for(lambda: {"reason_code": "malformed_json"} in letters(settings), "the dead letter did not come")
        broker.publish_batches(settings, settings.topic, [(b"[]", {})])
        wait_for(lambda: raw_count(warehouse) >= 3, "the stream did not go on")
    assert not stream.thread.is_alive()


@pytest.mark.timeout(600)
def test_a_stop_ends_the_wait_for_pubsub(home, monkeypatch):
    servers, settings = home
    servers["Pub/Sub"].kill()
    monkeypatch.setattr(refusing, "PUBLISH_SECONDS", 0.5)
    stop, begun_at = StopFlag(), time.monotonic()
    threading.Timer(2, stop.set).start()
    with pytest.raises(Stopped, match="orders-dead-letter"):
        publish_until_taken(settings, stop, [LETTER])
    assert 2 <= time.monotonic() - begun_at < 15


@pytest.mark.timeout(600)
@pytest.mark.parametrize("outage", ["killed", "standing still"])
def test_without_its_warehouse_the_stream_shows_itself_each_second_and_beats_again_afterwards(
    home, monkeypatch, outage
):
    servers, settings = home
    monkeypatch.setattr("pbm360.stream.run.HEARTBEAT_SECONDS", 1.0)
    server, standing = servers["warehouse"], psutil.Process(servers["warehouse"].process.pid)
    with RunningStream(settings) as stream:
        wait_for(lambda: beats(settings) > 0, "the stream does not beat")
        server.kill() if outage == "killed" else standing.suspend()
        time.sleep(12)
        shown = [instant for instant in stream.shown if instant > time.monotonic() - 10]
        server.start() if outage == "killed" else standing.resume()
        assert len(shown) >= 8, "the display stands still"
        before = beats(settings)
        wait_for(lambda: beats(settings) > before + 1, "the stream does not beat again")
