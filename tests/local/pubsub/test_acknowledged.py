"""What is settled: the floor rises over it, and the file gives it back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pbm360.local.pubsub import acknowledged
from pbm360.local.pubsub.acknowledged import AcknowledgedFile, AcknowledgedSet


def held(found: AcknowledgedSet, end: int = 60) -> set[int]:
    return {sequence for sequence in range(1, end) if sequence in found}


def test_the_floor_rises_over_what_is_settled_without_a_gap():
    found = AcknowledgedSet()
    for sequence in (3, 2, 5):
        found.add(sequence)
    assert (found.floor, held(found)) == (1, {2, 3, 5})
    found.add(1)
    assert (found.floor, held(found)) == (4, {1, 2, 3, 5})
    found.raise_floor(5)
    assert found.floor == 6


@settings(max_examples=60, deadline=None)
@given(rounds=st.lists(st.lists(st.integers(1, 50)), max_size=5))
def test_what_was_flushed_is_there_after_any_restart(tmp_path_factory, rounds):
    path = tmp_path_factory.mktemp("acks") / "1.acks"
    expected: set[int] = set()
    for sequences in rounds:
        found = AcknowledgedFile(path)
        assert held(found) == expected
        for sequence in sequences:
            found.add(sequence)
        found.flush()
        expected |= set(sequences)  # the process ends here without closing
    assert held(AcknowledgedFile(path)) == expected


def test_an_entry_that_was_half_written_is_left_out(tmp_path):
    path = tmp_path / "1.acks"
    found = AcknowledgedFile(path)
    found.add(1)
    found.add(7)
    found.flush()
    path.write_bytes(path.read_bytes()[:-3])
    assert held(AcknowledgedFile(path)) == {1}


def test_the_file_is_rewritten_once_it_has_grown(tmp_path, monkeypatch):
    monkeypatch.setattr(acknowledged, "REWRITE_AT_ENTRIES", 10)
    path = tmp_path / "1.acks"
    found = AcknowledgedFile(path)
    for sequence in range(1, 1001):
        found.add(sequence)
        found.flush()
    assert path.stat().st_size < 8 * 20
    assert AcknowledgedFile(path).floor == 1001


def test_messages_that_a_power_loss_took_are_not_settled_in_advance(tmp_path):
    found = AcknowledgedFile(tmp_path / "1.acks")
    for sequence in (1, 2, 3, 9):
        found.add(sequence)
    found.forget_from(3)
    assert (found.floor, held(found)) == (3, {1, 2})
