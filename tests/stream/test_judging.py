"""Judging a block: each message is an event's row or a refusal, in one pass."""

from functools import partial

import apache_beam as beam
import pytest
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
    arrival = NOON + 9
    observed = receive("1", 5, {"source": "oms", "observed_at": "2026-11-20T12:00:00Z"}, b"x", arrival)
    assert observed.stamps == Stamps("1", 5, arrival, NOON)
    assert (observed.source, observed.attributes) == ("oms", '{"observed_at":"2026-11-20T12:00:00Z","source":"oms"}')


@pytest.mark.parametrize(
    "observed", [None, "", "yesterday", "2009-12-31T23:59:59Z", "2026-11-21T12:00:01Z", "9999-12-31T23:59:59Z"]
)
def test_an_observation_at_no_plausible_time_counts_as_absent(observed):
    attributes = {} if observed is None else {"observed_at": observed}
    assert receive("1", 5, attributes, b"x", NOON).stamps.known_at == NOON


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
