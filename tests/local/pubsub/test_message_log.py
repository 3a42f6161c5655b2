"""The topic's log: what was written is read back, a torn end is cut off, damage is refused, disk is given back."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pbm360.local.pubsub.message_log import DamagedLog, MessageLog, sync_files


def test_messages_are_read_back_across_segments_and_a_restart(tmp_path):
    log = MessageLog(tmp_path, segment_bytes=200)
    bodies = [b"%03d" % number * 10 for number in range(40)]
    for start in range(0, 40, 4):
        log.append(bodies[start : start + 4], publish_time=1000 + start)
    log.close()
    assert len(list(tmp_path.glob("*.log"))) > 3
    log = MessageLog(tmp_path, segment_bytes=200)
    assert log.next_sequence == 41
    assert log.read(list(range(1, 41))) == bodies
    assert log.read([40, 1, 2, 17, 18, 5]) == [bodies[n - 1] for n in (40, 1, 2, 17, 18, 5)]
    assert log.message_size(7) == 30
    assert log.last_publish_time() == 1036


def test_the_first_message_since_a_time_is_found(tmp_path):
    log = MessageLog(tmp_path, segment_bytes=100)
    for publish_time in (10, 20, 20, 30):
        log.append([b"x" * 40, b"y" * 40], publish_time)
    assert [log.first_sequence_since(when) for when in (0, 10, 11, 20, 21, 30, 31)] == [1, 1, 3, 3, 7, 7, 9]


def test_segments_that_nobody_needs_are_deleted_and_the_numbers_go_on(tmp_path):
    log = MessageLog(tmp_path, segment_bytes=100)
    for _ in range(10):
        log.append([b"x" * 60], 1)
    log.drop_below(log.next_sequence)
    assert len(list(tmp_path.glob("*.log"))) == 1
    assert log.first_sequence == 9  # two batches a segment
    log.close()
    log = MessageLog(tmp_path, segment_bytes=100)
    assert log.next_sequence == 11
    log.append([b"new"], 2)
    assert log.read([11]) == [b"new"]


@settings(max_examples=60, deadline=None)
@example(cut=130, noise=b"\x00" * 140)  # blocks that the disk allotted and never wrote
@given(cut=st.integers(1, 200), noise=st.binary(max_size=60))
def test_a_torn_end_loses_only_the_batch_that_was_being_written(tmp_path_factory, cut, noise):
    folder = tmp_path_factory.mktemp("log")
    log = MessageLog(folder)
    log.append([b"first", b"second"], 1)
    kept = next(folder.glob("*.log")).stat().st_size
    log.append([b"third" * 20], 2)
    log.close()
    path = next(folder.glob("*.log"))
    content = path.read_bytes()
    torn = content[: max(kept, len(content) - cut)] + noise
    assume(not torn.startswith(content))
    path.write_bytes(torn)
    log = MessageLog(folder)
    assert log.next_sequence == 3
    assert log.read([1, 2]) == [b"first", b"second"]
    log.append([b"again"], 3)
    log.close()
    assert MessageLog(folder).read([3]) == [b"again"]


def test_damage_before_the_last_segment_is_refused_by_name(tmp_path):
    log = MessageLog(tmp_path, segment_bytes=50)
    log.append([b"x" * 60], 1)
    log.append([b"y" * 60], 1)
    log.close()
    first = sorted(tmp_path.glob("*.log"))[0]
    first.write_bytes(b"?" + first.read_bytes()[1:])
    with pytest.raises(DamagedLog, match=first.name):
        MessageLog(tmp_path)


def test_files_to_be_synced_are_named_once_and_may_be_gone(tmp_path):
    log = MessageLog(tmp_path)
    log.append([b"x"], 1)
    log.append([b"y"], 1)
    paths = log.take_unsynced()
    assert len(paths) == 1
    assert log.take_unsynced() == []
    sync_files([*paths, tmp_path / "deleted.log"])
