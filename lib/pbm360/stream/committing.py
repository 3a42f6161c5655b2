"""Let the pipeline judge the next block while the last ones' rows are on their way to the warehouse.

The runner on a laptop has one thread. Here two others commit what the steps hand over: one the raw rows, block after
block; one what stands behind them, in the order in which it was handed over: a block's events, then its dead letters;
a minute's counts behind the events that they hold. So a block's raw rows travel beside the events of the block before,
never beside its own. Behind all of a block comes its acknowledgement.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from pbm360.stream.judging import JudgedBlock
from pbm360.stream.retrying import Stopped
from pbm360.stream.shared import SharedInProcess, StopFlag

log = logging.getLogger(__name__)


class Committer(SharedInProcess):
    """Call what steps hand over; after a call that failed, none that has not begun is made.

    What waits here is bounded by the number of blocks that the feed lets into the pipeline.
    """

    def __init__(self, acknowledge: Callable[[JudgedBlock], object], stop: StopFlag):
        super().__init__()
        self._raw_calls = ThreadPoolExecutor(1, thread_name_prefix="commit_raw")
        self._calls = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._settling = ThreadPoolExecutor(1, thread_name_prefix="acknowledge")
        self._last_raw: Future = self._raw_calls.submit(int)
        self._last: Future = self._last_raw
        self._acknowledge, self._stop = acknowledge, stop
        self._failure: Exception | None = None

    def submit_raw(self, call: Callable, *arguments) -> None:
        """Hand over a call that stands behind those of its kind alone; returns at once."""
        self._last_raw = self._raw_calls.submit(self._call, call, *arguments)

    def submit(self, call: Callable, *arguments) -> None:
        """Hand over a call that stands behind everything that was handed over by now; returns at once."""
        self._last = self._calls.submit(self._call_behind, self._last_raw, call, *arguments)

    def acknowledge(self, judged: JudgedBlock) -> None:
        """Have a block acknowledged once all that was handed over by now is committed; returns at once."""
        self._settling.submit(self._settle, judged, self._last_raw, self._last)

    def close(self) -> None:
        """Wait for everything that is under way. Raises what failed, unless it was the stream's stop."""
        for threads in (self._raw_calls, self._calls, self._settling):
            threads.shutdown()
        if self._failure and not isinstance(self._failure, Stopped):
            raise self._failure

    def _call_behind(self, before: Future, call: Callable, *arguments) -> None:
        before.result()
        self._call(call, *arguments)

    def _call(self, call: Callable, *arguments) -> None:
        if self._failure:
            raise self._failure
        try:
            call(*arguments)
        except Exception as error:  # rows that a table refuses, or worse: the stream ends and `close` says why
            self._failure = self._failure or error
            self._stop.set()
            raise

    def _settle(self, judged: JudgedBlock, *committed: Future) -> None:
        if error := next(filter(None, (one.exception() for one in committed)), None):
            log.warning("%d messages stay unacknowledged and come again: %s", len(judged.block.messages), error)
        else:
            self._acknowledge(judged)


class CommittedSink(SharedInProcess):
    """Take rows (or dead letters) in a sink's place and hand them to the committer."""

    def __init__(self, submit: Callable, append: Callable[[Sequence], object]):
        super().__init__()
        self._submit, self._append = submit, append

    def append(self, rows: Sequence) -> None:
        """Hand rows over; none are not worth a call."""
        if rows:
            self._submit(self._append, rows)
