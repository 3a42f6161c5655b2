"""The heartbeat of a stream on several workers."""

from pbm360.domain.decode import Rejection, Stamps
from pbm360.stream.blocks import Block, Message
from pbm360.stream.heartbeats import NOTHING, Tally, add_tallies, tally, tally_nothing
from pbm360.stream.judging import JudgedBlock


def test_counts_are_summed_and_the_lag_is_that_of_the_block_that_landed_last():
    early, late = Tally(10, 1, 1_000, 0.5), Tally(5, 0, 2_000, 0.25)
    assert add_tallies([late, NOTHING, early]) == add_tallies([early, late]) == Tally(15, 1, 2_000, 0.25)
    assert add_tallies([]) == tally_nothing(7) == NOTHING


def test_a_block_adds_its_messages_its_refusals_and_the_age_of_its_last_message():
    message = Message(Stamps("1", 0, 0, 0), "oms", "{}", b"{}")
    added = tally(JudgedBlock(Block(0, [message, message]), [], [(message, Rejection("malformed_json"))]))
    assert (added.received, added.rejected) == (2, 1)
    assert added.lag_seconds == added.landed_at / 1_000_000
