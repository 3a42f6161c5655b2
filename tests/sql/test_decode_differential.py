"""The stream's decoder and the batch's SQL say the same of every payload: the verdict, the field, the columns."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pbm360.domain import rules
from tests.sql.fuzzed_payloads import fuzzed_payloads
from tests.sql.payloads import DOCUMENTS, GOOD_BYTES, event_bytes, hand_made
from tests.sql.verdicts import decoded, differences, judged

ONE_IN_GOOGLE = 7  # of the payloads listed by field, every seventh is judged by Google's evaluator as well


@pytest.fixture(scope="module")
def verdicts() -> dict:
    """What the decoder says of every payload that is written down."""
    return decoded(hand_made())


def test_the_payloads_meet_every_reason_at_every_field(verdicts):
    met = {verdict for verdict in verdicts.values() if isinstance(verdict, tuple)}
    expected = {("malformed_json", None), ("malformed_json", "data"), ("invalid_id", "id"), ("invalid_id", "subject")}
    expected |= {("missing_field", name) for name in ("id", "source", "type", "time", "subject")}
    expected |= {("unknown_schema", "specversion"), ("unknown_schema", "dataschema"), ("unknown_source", "source")}
    expected |= {("unknown_type", "type"), ("invalid_time", "time"), ("implausible_time", "time")}
    expected |= {("wrong_type", "patient_id")}
    for field in rules.typed_fields():
        expected.add(("wrong_type", field.field))  # of a code: where it is nested
        if field.kind == "code":
            expected.add(("unknown_code", field.field))
        if field.minimum is not None:
            expected.add(("out_of_range", field.field))
    assert met == expected
    assert {reason for reason, _ in met} | {"duplicate"} == set(rules.rejection_reasons())


def test_the_local_engine_says_what_the_decoder_says(warehouse, verdicts):
    assert differences(verdicts, judged(warehouse, hand_made())) == []


def test_google_says_what_the_decoder_says(reference):
    payloads = hand_made()
    listed = [name for name in payloads if name not in DOCUMENTS]
    chosen = {name: payloads[name] for name in [*DOCUMENTS, *listed[::ONE_IN_GOOGLE]]}
    assert differences(decoded(chosen), judged(reference, chosen)) == []


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a batch costs a statement: what differs is named, not shrunk
    suppress_health_check=list(HealthCheck),
)
@given(batch=st.lists(fuzzed_payloads(), min_size=60, max_size=80))
def test_both_say_the_same_of_payloads_at_random(warehouse, batch):
    payloads = {repr(payload): payload for payload in batch}
    assert differences(decoded(payloads), judged(warehouse, payloads)) == []


def test_no_message_is_no_verdict(warehouse, reference):
    assert judged(warehouse, {}) == judged(reference, {}) == {}


def test_a_difference_is_seen_in_a_verdict_and_in_a_column():
    good, bad = decoded({"x": GOOD_BYTES}), decoded({"x": b"{}"})
    later = decoded({"x": event_bytes(time="2026-11-20T09:00:01Z")})
    assert differences(good, bad) == ["x: accepted != ('missing_field', 'id')"]
    assert [text.partition(" ")[2].partition(" ")[0] for text in differences(good, later)] == ["event_at"]
