"""Judging a block: each message is an event's row or a refusal, in one pass."""

from functools import partial

import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pbm360.domain.decode import COLUMNS, Stamps
from pbm360.domain.timestamps import parse_microseconds
from pbm360.stream.blocks import Block, Message, receive
from pbm360.stream.judging import JudgeMessages
from tests.messages import event

KEY = "a-key-that-only-the-tests-know-0123456789"
NOON = parse_microseconds("2026-11-20T12:00:00Z")


def test_a_message_is_stamped_with_what_its_source_observed_else_with_its_arrival():
    observed = receive("1", 5, {"source": "oms", "observed_at": "2026-11-20T12:00:00Z"}, b"x", ingested_at=9)
    assert observed.stamps == Stamps("1", 5, 9, NOON)
    assert (observed.source, observed.attributes) == ("oms", '{"observed_at":"2026-11-20T12:00:00Z","source":"oms"}')
    for attributes in ({}, {"observed_at": "yesterday"}):
        assert receive("1", 5, attributes, b"x", ingested_at=9).stamps.known_at == 9


def test_a_block_becomes_rows_and_refusals():
    payloads = [event("1", "oms", "Referral_Received", "20 09:00"), b"{", event("2", "oms", "nonsense", "20 09:00")]
    messages = [Message(Stamps(str(n), NOON, NOON, NOON), "oms", "{}", body) for n, body in enumerate(payloads)]

    def outcome(judged):
        rows = [(row[COLUMNS.index("event_id")], row[COLUMNS.index("stage")]) for row in judged.rows]
        return rows, [(message.stamps.message_id, *refusal) for message, refusal in judged.refusals]

    with TestPipeline() as pipeline:
        judged = pipeline | "Blocks" >> beam.Create([Block(1, messages)]) | JudgeMessages(partial(str, KEY))
        refusals = [("1", "malformed_json", None), ("2", "unknown_type", "type")]
        assert_that(judged | "Outcome" >> beam.Map(outcome), equal_to([([("1", "RECEIVED")], refusals)]))
