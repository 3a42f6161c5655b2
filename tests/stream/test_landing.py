"""Landing a block: everything is committed before anything is acknowledged; dead letters point, they don't quote."""

import json

import pytest

from pbm360.domain.decode import Rejection, Stamps
from pbm360.stream.blocks import Block, Message
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.landing import LandBlock, dead_letter, raw_row
from pbm360.stream.sinks import Stopped

MESSAGE = Message(Stamps("7", 1_000_000, 2_000_000, 86_400_000_001), "oms", "{}", b"the payload names P-SECRET")


class Recorder:
    """Take rows and note the order of the calls."""

    def __init__(self, calls, name, error=None):
        self.calls, self.name, self.error = calls, name, error

    def append(self, rows):
        if self.error:
            raise self.error
        self.calls.append((self.name, len(rows)))


def land(calls, live_error=None):
    step = LandBlock(
        Recorder(calls, "raw"),
        Recorder(calls, "live", live_error),
        lambda letters: calls.append(("dead letters", len(letters))),
        lambda judged: calls.append(("acknowledge", judged.block.number)),
    )
    judged = JudgedBlock(Block(5, [MESSAGE, MESSAGE]), [["a row"]], [(MESSAGE, Rejection("malformed_json"))])
    return list(step.process(judged))


def test_a_block_is_acknowledged_after_all_its_places_have_committed():
    calls = []
    land(calls)
    assert calls == [("raw", 2), ("live", 1), ("dead letters", 1), ("acknowledge", 5)]


def test_a_block_that_can_not_be_landed_is_not_acknowledged():
    calls = []
    with pytest.raises(ConnectionError):
        land(calls, ConnectionError("the warehouse is gone"))
    assert calls == [("raw", 2)]


def test_a_raw_row_holds_the_message_byte_for_byte_and_its_utc_day():
    assert raw_row(MESSAGE) == ("7", 1_000_000, 2_000_000, 86_400_000_001, 1, "oms", "{}", MESSAGE.payload)


def test_a_dead_letter_holds_the_reason_and_a_pointer_but_not_the_payload():
    body, attributes = dead_letter(MESSAGE, Rejection("wrong_type", "quantity"))
    assert json.loads(body) == {
        "reason_code": "wrong_type",
        "detail": "quantity",
        "message_id": "7",
        "publish_time": "1970-01-01T00:00:01+00:00",
        "source": "oms",
    }
    assert attributes == {"reason_code": "wrong_type"}
    assert b"SECRET" not in body


def test_a_block_that_a_stopping_stream_can_not_write_stays_unacknowledged_without_an_error():
    calls = []
    land(calls, Stopped("the warehouse is away"))
    assert calls == [("raw", 2)]
