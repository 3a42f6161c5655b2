"""Single messages become blocks, and blocks go through the pipeline with sinks that the workers make."""

import datetime
from dataclasses import replace
from functools import partial

import apache_beam as beam
import orjson
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from google.pubsub_v1.types import PubsubMessage as PubsubProto

from pbm360 import broker
from pbm360.stream.gathering import LARGE_BYTES, GatherBlocks, StampMessages, flat, make_block, stamp
from pbm360.stream.heartbeats import HEARTBEAT_SCHEMA, BeatHeart
from pbm360.stream.pipeline import build
from pbm360.stream.workers import WorkerAppender, worker_parts

START = datetime.datetime(2026, 11, 20, 8, 0, tzinfo=datetime.UTC)
PUBLISHED = datetime.datetime(2026, 11, 20, 8, 30, 0, 250_001, tzinfo=datetime.UTC)


def event(number, minute, kind="referral_received"):
    body = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "oms",
        "type": kind,
        "time": (START + datetime.timedelta(minutes=minute)).isoformat(),
        "subject": f"A{number}",
        "data": {"patient_id": f"P{number}", "pharmacy_id": "PH1"},
    }
    return orjson.dumps(body)


def received(payload, number, **attributes):
    """A message as Beam hands it over: from the bytes of Pub/Sub's own message."""
    proto = PubsubProto(data=payload, attributes=attributes, message_id=str(number), publish_time=PUBLISHED)
    return PubsubMessage._from_proto_str(PubsubProto.serialize(proto))


def test_a_stamp_keeps_id_time_and_attributes_and_adds_when_it_came_in():
    message = stamp(received(b"{}", 7, source="wms", observed_at="2026-11-19T00:00:00Z"), "")
    assert message.stamps.message_id == "7"
    assert message.stamps.publish_time == PUBLISHED.timestamp() // 1 * 1_000_000 + 250_001
    assert message.stamps.known_at == datetime.datetime(2026, 11, 19, tzinfo=datetime.UTC).timestamp() * 1_000_000
    assert message.stamps.ingested_at > message.stamps.known_at
    assert message.attributes == '{"observed_at":"2026-11-19T00:00:00Z","source":"wms"}'
    assert make_block([flat(message)]).messages == [message]


def test_no_block_is_larger_than_was_asked_and_a_large_payload_goes_alone(tmp_path):
    path = tmp_path / "sizes"
    messages = [received(b"x" * (LARGE_BYTES if number == 5 else 3), number) for number in range(30)]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        blocks = pipeline | beam.Create(messages) | StampMessages("") | GatherBlocks(4, 0.5)
        lines = blocks | beam.Map(lambda block: orjson.dumps([len(message.payload) for message in block.messages]))
        lines | beam.Map(bytes.decode) | beam.io.WriteToText(str(path), shard_name_template="")
    sizes = [orjson.loads(line) for line in path.read_text().splitlines()]
    assert sum(map(len, sizes)) == 30 and max(map(len, sizes)) <= 4
    assert [LARGE_BYTES] in sizes and not any(LARGE_BYTES in size for size in sizes if len(size) > 1)


def test_blocks_of_single_messages_land_in_both_tables_by_sinks_that_the_workers_make(stack_settings, warehouse):
    settings = replace(stack_settings, project=warehouse.settings.project)
    broker.ensure_topics(settings)
    payloads = [event(number, number % 3) for number in range(40)]
    messages = [received(payload, number, source="oms") for number, payload in enumerate(payloads)]
    messages += [received(payloads[0], 100, source="oms"), received(b"no JSON", 101)]  # a copy, and a refusal
    parts = worker_parts(settings, partial(str, settings.pseudonym_key), bounded=True)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        blocks = pipeline | beam.Create(messages) | StampMessages("") | GatherBlocks(16, 0.5)
        landed = build(blocks, parts)
        landed | BeatHeart(WorkerAppender(settings, "ops.heartbeats", HEARTBEAT_SCHEMA), bounded=True)
    raw = warehouse.read_table("bronze.raw_orders", ["message_id", "payload"]).to_pylist()
    assert {row["message_id"]: row["payload"] for row in raw} == {
        message.message_id: message.data for message in messages
    }
    assert len(raw) == 42
    live = warehouse.read_table("live.order_events", ["event_id"])["event_id"].to_pylist()
    assert sorted(live) == sorted([f"e{number}" for number in range(40)] + ["e0"])
    refused = warehouse.read_table("ops.dead_letters", ["message_id", "reason_code"]).to_pylist()
    assert refused == [{"message_id": "101", "reason_code": "malformed_json"}]
    assert len(broker.pull(settings, settings.dead_letter_subscription, 10)) == 1
    minutes = warehouse.read_table("live.stage_minutes", ["minute_at", "event_count"]).to_pylist()
    assert sorted((row["minute_at"].minute, row["event_count"]) for row in minutes) == [(0, 14), (1, 13), (2, 13)]
    beats = warehouse.read_table("ops.heartbeats", ["process", "received_count", "rejected_count"]).to_pylist()
    assert beats == [{"process": "stream", "received_count": 42, "rejected_count": 1}]
