"""What is committed when: raw rows first, what stands behind them after, the acknowledgement last."""

import threading
from collections import Counter

import pytest

from pbm360.stream.blocks import Block
from pbm360.stream.committing import CommittedSink, Committer
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.retrying import Stopped
from pbm360.stream.shared import StopFlag

PATIENCE_SECONDS = 10


class Ledger:
    """What happened, in its order; `raw` of a block that is held goes on when it is let go."""

    def __init__(self, held: dict[int, threading.Event] | None = None, failing: dict[str, Exception] | None = None):
        self.done: list[str] = []
        self._held, self._failing = held or {}, failing or {}
        self.stop = StopFlag()
        self.committer = Committer(lambda judged: self.done.append(f"acknowledged {judged.block.number}"), self.stop)
        self._raw = CommittedSink(self.committer.submit_raw, lambda rows: self._note("raw", rows))
        self._live = CommittedSink(self.committer.submit, lambda rows: self._note("live", rows))

    def _note(self, kind: str, rows: list[int]) -> None:
        if kind == "raw" and rows[0] in self._held:
            assert self._held[rows[0]].wait(PATIENCE_SECONDS)
        if error := self._failing.get(f"{kind} {rows[0]}"):
            raise error
        self.done.append(f"{kind} {rows[0]}")

    def land(self, number: int, *, has_events: bool = True) -> None:
        """Hand a block over as the pipeline does."""
        self._raw.append([number])
        self._live.append([number] if has_events else [])
        self.committer.acknowledge(JudgedBlock(Block(number, []), [], []))


def test_a_blocks_events_stand_behind_its_raw_rows_and_its_acknowledgement_behind_both():
    held = {2: threading.Event()}
    ledger = Ledger(held)
    for number in (1, 2, 3):
        ledger.land(number, has_events=number != 3)
    held[2].set()
    ledger.committer.close()
    assert Counter(ledger.done) == Counter(
        [f"{what} {number}" for what in ("raw", "live", "acknowledged") for number in (1, 2, 3)]
    ) - Counter(["live 3"])
    place = ledger.done.index
    for number in (1, 2):
        assert place(f"raw {number}") < place(f"live {number}") < place(f"acknowledged {number}")
    assert place("raw 3") < place("acknowledged 3")


def test_a_block_without_events_is_not_acknowledged_before_its_raw_rows_are_committed():
    held = {1: threading.Event()}
    ledger = Ledger(held)
    ledger.land(1, has_events=False)
    assert ledger.done == []
    held[1].set()
    ledger.committer.close()
    assert ledger.done == ["raw 1", "acknowledged 1"]


def test_raw_rows_do_not_wait_for_the_events_of_the_block_before():
    reached, came = threading.Event(), []
    ledger = Ledger()
    ledger.committer.submit(lambda: came.append(reached.wait(PATIENCE_SECONDS)))
    ledger.committer.submit_raw(reached.set)
    ledger.committer.close()
    assert came == [True]


@pytest.mark.parametrize("fails", ["raw 2", "live 2"])
def test_behind_a_call_that_failed_nothing_is_acknowledged_and_the_stream_ends(fails):
    ledger = Ledger(failing={fails: ValueError("refused")})
    for number in (1, 2):
        ledger.land(number)
    with pytest.raises(ValueError, match="refused"):
        ledger.committer.close()
    assert ledger.stop.is_set()
    assert "acknowledged 2" not in ledger.done and "live 2" not in ledger.done


def test_a_stop_is_no_failure():
    ledger = Ledger(failing={"raw 1": Stopped("stopping")})
    ledger.land(1)
    ledger.committer.close()
    assert ledger.done == []
