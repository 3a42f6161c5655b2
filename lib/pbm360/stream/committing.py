"""Let the pipeline judge the next block while the last one's rows are on their way to the warehouse.

The runner on a laptop has one thread. Here another one commits what the steps hand over, in the order in which they
did: a block's raw rows, then its events, then its dead letters; behind them its acknowledgement; a minute's counts
behind the events that they hold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from pbm360.stream.judging import JudgedBlock
from pbm360.stream.shared import SharedInProcess, StopFlag
from pbm360.stream.sinks import Stopped

log = logging.getLogger(__name__)


class Committer(SharedInProcess):
    """Call one after the other what steps hand over; after a call that failed, those behind it are given up too.

    What waits here is bounded by the number of blocks that the feed lets into the pipeline.
    """

    def __init__(self, acknowledge: Callable[[JudgedBlock], object], stop: StopFlag):
        super().__init__()
        self._calls = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._settling = ThreadPoolExecutor(1, thread_name_prefix="acknowledge")
        self._last: Future = self._calls.submit(int)
        self._acknowledge, self._stop = acknowledge, stop
        self._failure: Exception | None = None

    def submit(self, call: Callable, *arguments) -> None:
        """Hand over a call; returns at once."""
        self._last = self._calls.submit(self._call, call, *arguments)

    def acknowledge(self, judged: JudgedBlock) -> None:
        """Have a block acknowledged once all that was handed over by now is committed; returns at once."""
        self._settling.submit(self._settle, judged, self._last)

    def close(self) -> None:
        """Wait for everything that is under way. Raises what failed, unless it was the stream's stop."""
        self._calls.shutdown()
        self._settling.shutdown()
        if self._failure and not isinstance(self._failure, Stopped):
            raise self._failure

    def _call(self, call: Callable, *arguments) -> None:
        if self._failure:
            raise self._failure
        try:
            call(*arguments)
        except Exception as error:  # rows that a table refuses, or worse: the stream ends and `close` says why
            self._failure = error
            self._stop.set()
            raise

    def _settle(self, judged: JudgedBlock, committed: Future) -> None:
        if error := committed.exception():
            log.warning("%d messages stay unacknowledged and come again: %s", len(judged.block.messages), error)
        else:
            self._acknowledge(judged)


class CommittedSink(SharedInProcess):
    """Take rows (or dead letters) in a sink's place and hand them to the committer."""

    def __init__(self, committer: Committer, append: Callable[[Sequence], object]):
        super().__init__()
        self._committer, self._append = committer, append

    def append(self, rows: Sequence) -> None:
        """Hand rows over; none are not worth a call."""
        if rows:
            self._committer.submit(self._append, rows)
