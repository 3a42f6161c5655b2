"""Dead letters are listed, shown and replayed; a replay after a fix is accepted and counts once."""

import datetime
import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pbm360 import broker, dead_letters
from pbm360.dead_letters import DeadLetterError, RawMessage, replayed
from pbm360.domain import rules
from pbm360.stream import judging
from pbm360.stream.large_payloads import LARGEST_PAYLOAD_BYTES
from pbm360.stream.run import run_stream
from tests.messages import event
from tests.stream.conftest import home  # noqa: F401

DAY = datetime.date(2026, 11, 20)
KNOWN = "2026-11-20T12:00:00Z"


def test_a_replay_keeps_the_attributes_and_when_the_message_was_known():
    known_at = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    raw = RawMessage("7", known_at, DAY, json.dumps({"source": "oms", "observed_at": "never"}), b"{}")
    assert replayed(raw) == {"replay_of": "7", "source": "oms", "observed_at": KNOWN}
    again = RawMessage("9", known_at, DAY, json.dumps(replayed(raw)), b"{}")
    assert replayed(again)["replay_of"] == "7", "a replay of a replay names the message that came first"


def test_a_message_refused_is_replayed_after_a_fix_twice_and_counts_once(home, monkeypatch):  # noqa: F811
    settings, warehouse = home
    attributes = {"source": "oms", "observed_at": KNOWN}
    messages = [event("1", "oms", "teleported", "20 09:00"), event("2", "oms", "referral_received", "20 09:00"), b"{"]
    broker.publish_batches(settings, settings.topic, [(payload, attributes) for payload in messages])
    run_stream(settings, until_idle_seconds=1)
    found = dead_letters.list_dead_letters(warehouse, DAY)
    assert sorted((letter.reason_code, letter.detail, letter.status) for letter in found) == [
        ("malformed_json", None, "open"),
        ("unknown_type", "type", "open"),
    ]
    [unknown] = dead_letters.list_dead_letters(warehouse, DAY, "unknown_type")
    assert dead_letters.read_raw(warehouse, [unknown])[unknown.message_id].payload == messages[0]
    fix(monkeypatch)
    for _ in range(2):
        assert len(dead_letters.replay(warehouse, [unknown])) == 1
    run_stream(settings, until_idle_seconds=1)
    live = warehouse.read_table("live.order_events", ["event_id", "known_at"]).to_pylist()
    noon = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    assert {(row["event_id"], row["known_at"]) for row in live} == {("1", noon), ("2", noon)}
    [unknown] = dead_letters.list_dead_letters(warehouse, DAY, "unknown_type")
    assert (unknown.status, unknown.replay_count) == ("accepted", 2)


def test_a_payload_that_lies_in_an_object_is_replayed_byte_for_byte(home):  # noqa: F811
    settings, warehouse = home
    large = b"x" * (LARGEST_PAYLOAD_BYTES + 1)
    broker.publish_batches(settings, settings.topic, [(large, {"source": "oms", "observed_at": KNOWN})])
    run_stream(settings, until_idle_seconds=1)
    [letter] = dead_letters.list_dead_letters(warehouse, DAY)
    assert dead_letters.replay(warehouse, [letter])[0].payload != large, "bronze holds the pointer"
    [again] = broker.pull(settings, settings.subscription, 10)
    assert again.data == large
    assert again.attributes["replay_of"] == letter.message_id
    [kept] = Path(settings.large_payload_folder).glob(hashlib.sha256(large).hexdigest())
    kept.write_bytes(b"y")
    with pytest.raises(DeadLetterError, match=f"{kept} is not what message {letter.message_id} held"):
        dead_letters.replay(warehouse, [letter])
    kept.unlink()
    with pytest.raises(DeadLetterError, match=f"{kept} of message {letter.message_id} can't be read"):
        dead_letters.replay(warehouse, [letter])


def fix(monkeypatch):
    """Teach the stream another word for a type of event, as a new line of `domain/data/codes.csv` would."""
    types = rules.codes("type") | {"teleported": "referral_received"}
    judging.decoder.cache_clear()
    monkeypatch.setattr(rules, "codes", lambda name, known=rules.codes: types if name == "type" else known(name))


def test_the_commands_list_show_and_replay_and_an_unknown_message_is_named(home, monkeypatch):  # noqa: F811
    from pbm360.cli import app
    from pbm360.commands import dead_letters as commands

    settings, warehouse = home
    monkeypatch.setattr(commands, "open_warehouse", lambda: warehouse)
    broker.publish_batches(settings, settings.topic, [(b'{"patient": "P-SECRET"}', {"source": "wms"})])
    run_stream(settings, until_idle_seconds=1)
    [letter] = dead_letters.list_dead_letters(warehouse, DAY)
    with pytest.raises(DeadLetterError, match="no dead letter of message 99 since 2026-11-20; see `pbm360 dead-letter"):
        dead_letters.find_dead_letters(warehouse, ["99"], DAY)
    listed = CliRunner().invoke(app, ["dead-letter", "list"]).output
    assert "missing_field" in listed and "1 refused messages" in listed
    shown = CliRunner().invoke(app, ["dead-letter", "show", letter.message_id]).output
    assert "missing_field (id)" in shown and "23 bytes" in shown and "P-SECRET" not in shown
    assert "P-SECRET" in CliRunner().invoke(app, ["dead-letter", "show", letter.message_id, "--payload"]).output
    assert "1 of 1 messages published again" in CliRunner().invoke(app, ["dead-letter", "replay"]).output
