"""Landing a block: everything is committed before anything is acknowledged, and a refusal never holds others up."""

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline

from pbm360.domain.decode import Rejection, Stamps
from pbm360.stream.blocks import Block, Message
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.landing import Acknowledge, LandLive, LandRaw, raw_row
from pbm360.stream.refusing import SendDeadLetters
from pbm360.stream.shared import SharedInProcess

MESSAGE = Message(Stamps("7", 1_000_000, 2_000_000, 86_400_000_001), "oms", "{}", b"the payload names P-SECRET")
JUDGED = JudgedBlock(Block(5, [MESSAGE, MESSAGE]), [["a row"]], [(MESSAGE, Rejection("malformed_json"))])


class Recorder(SharedInProcess):
    """Take rows, letters and acknowledgements, and note the order of the calls."""

    def __init__(self, calls, name, error=None):
        super().__init__()
        self.calls, self.name, self.error = calls, name, error

    def append(self, rows):
        if self.error:
            raise self.error
        self.calls.append((self.name, len(rows)))

    def acknowledge(self, judged):
        self.calls.append((self.name, judged.block.number))


def land(live_error=None):
    """Run the steps that commit over one block; returns the calls in their order."""
    calls = []
    names = ("raw", "live", "dead letter rows", "dead letters", "acknowledge")
    raw, live, rows, letters, source = (Recorder(calls, name, live_error if name == "live" else None) for name in names)
    with TestPipeline(runner="BundleBasedDirectRunner") as pipeline:
        judged = pipeline | beam.Create([JUDGED]) | LandRaw(raw) | LandLive(live)
        _ = judged | SendDeadLetters(letters.append, rows) | Acknowledge(source.acknowledge)
    return calls


def test_a_block_is_acknowledged_after_all_its_places_have_committed():
    expected = [("raw", 2), ("live", 1), ("dead letter rows", 1), ("dead letters", 1), ("acknowledge", 5)]
    assert land() == expected


def test_a_block_that_can_not_be_landed_is_not_acknowledged():
    with pytest.raises(Exception, match="the warehouse refuses the rows"):
        land(ConnectionError("the warehouse refuses the rows"))


def test_a_raw_row_holds_the_message_byte_for_byte_and_its_utc_day():
    assert raw_row(MESSAGE) == ("7", 1_000_000, 2_000_000, 86_400_000_001, 1, "oms", "{}", MESSAGE.payload)
