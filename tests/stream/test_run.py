"""The stream on real servers, killed in mid-run and started again: nothing lost, nothing counted twice."""

import datetime
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pbm360 import broker
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream.run import run_stream

ACK_DEADLINE_SECONDS = 10


@pytest.fixture
def home(stack_settings, warehouse_named, request):
    """A project of its own with tables, topic and a subscription whose messages come again soon."""
    settings = replace(stack_settings, project=f"pbm-stream-{abs(hash(request.node.name)) % 10_000}")
    warehouse = warehouse_named(settings.project)
    broker.publisher(settings).create_topic(name=broker.topic_path(settings, settings.topic))
    broker.subscriber(settings).create_subscription(
        name=broker.subscription_path(settings, settings.subscription),
        topic=broker.topic_path(settings, settings.topic),
        ack_deadline_seconds=ACK_DEADLINE_SECONDS,
    )
    broker.ensure_topics(settings)
    return settings, warehouse


def start(settings, *options):
    environment = os.environ | {
        "PBM360_STATE_DIR": str(settings.state_dir),
        "PBM360_PROJECT": settings.project,
        "PBM360_BIGQUERY_URL": settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": settings.bigquery_storage_endpoint,
        "PBM360_PUBSUB_ENDPOINT": settings.pubsub_endpoint,
        "PBM360_OMS_DSN": settings.oms_dsn,
        "PBM360_PSEUDONYM_KEY": settings.pseudonym_key,
    }
    return subprocess.Popen([sys.executable, "-m", "pbm360", "stream", *options], env=environment)


def raw_count(warehouse):
    sql = "select count(distinct message_id) as n from pbm_bronze.raw_orders where known_date > date '2000-01-01'"
    return warehouse.query(sql).to_pylist()[0]["n"]


def kill_once_it_lands(settings, warehouse):
    before, process = raw_count(warehouse), start(settings)
    deadline = time.monotonic() + 90
    while raw_count(warehouse) <= before:
        assert process.poll() is None and time.monotonic() < deadline, "the stream landed nothing"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.timeout(280)
def test_killed_twice_in_mid_run_it_loses_nothing_and_counts_nothing_twice(home):
    settings, warehouse = home
    end = datetime.datetime.now(datetime.UTC)
    messages = list(simulate(SimulationParameters(orders=2500, days=7, end=end, seed=5)).messages())
    half = len(messages) // 2
    pairs = [(message.payload, message.attributes) for message in messages]
    broker.publish_batches(settings, settings.topic, pairs[:half])
    kill_once_it_lands(settings, warehouse)
    broker.publish_batches(settings, settings.topic, pairs[half:])
    kill_once_it_lands(settings, warehouse)
    assert start(settings, "--until-idle-seconds", str(ACK_DEADLINE_SECONDS + 3)).wait() == 0
    assert raw_count(warehouse) == len(messages)
    live = warehouse.query("select count(distinct concat(source, '/', event_id)) as n from pbm_live.order_events")
    distinct = {(m.attributes["source"], e) for m in messages if (e := event_id(m.payload))}
    assert live.to_pylist() == [{"n": len(distinct)}]
    assert counted_by_minute(warehouse, end) == entered_by_minute(warehouse, end)


def event_id(payload):
    import orjson

    try:
        return orjson.loads(payload)["id"]
    except orjson.JSONDecodeError:
        return None


def counted_by_minute(warehouse, end):
    sql = """
        with last_panes as (
            select minute_at, stage, event_count from pbm_live.stage_minutes where minute_at >= @since
            qualify row_number() over (
                partition by minute_at, stage, pharmacy_id, carrier order by emitted_at desc
            ) = 1
        )
        select minute_at, stage, sum(event_count) as n from last_panes group by minute_at, stage order by 1, 2
    """
    return warehouse.query(sql, {"since": end - datetime.timedelta(hours=23)}).to_pylist()


def entered_by_minute(warehouse, end):
    sql = """
        with events as (
            select event_at, stage from pbm_live.order_events where stage is not null and event_at >= @since
            qualify row_number() over (partition by source, event_id order by known_at, message_id, ingested_at) = 1
        )
        select timestamp_trunc(event_at, minute) as minute_at, stage, count(*) as n
        from events group by minute_at, stage order by 1, 2
    """
    since = (end - datetime.timedelta(hours=23)).replace(second=0, microsecond=0) + datetime.timedelta(minutes=1)
    return warehouse.query(sql, {"since": since}).to_pylist()


def test_a_refused_message_is_in_bronze_and_its_pointer_on_the_dead_letter_topic(home):
    settings, warehouse = home
    broker.publish_batches(settings, settings.topic, [(b"\xff\x00 no JSON", {"source": "wms"}), (b"[]", {})])
    state = run_stream(settings, until_idle_seconds=1)
    assert (state.received, state.accepted, state.rejected) == (2, 0, 2)
    payloads = warehouse.read_table("bronze.raw_orders", ["payload"])["payload"].to_pylist()
    assert sorted(payloads) == [b"[]", b"\xff\x00 no JSON"]
    letters = broker.pull(settings, settings.dead_letter_subscription, 10)
    assert [letter.attributes["reason_code"] for letter in letters] == ["malformed_json"] * 2
