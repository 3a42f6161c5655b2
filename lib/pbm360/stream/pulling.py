"""Pull messages ahead of the blocks that are made of them: a bounded number, in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from pbm360 import broker
from pbm360.settings import Settings
from pbm360.stream.shared import StopFlag

FULL_PULL = 1000  # Pub/Sub's limit on one pull
PULLS_AHEAD = 10
PULL_SECONDS = 30.0  # a pull that is given up may have taken messages with it, until their deadline
AWAY_SECONDS = 1.0  # between two tries while Pub/Sub is away (each tries for half a minute itself)
LAST_PULL_SECONDS = 3.0  # what was just given back is pulled at once
Pulled = tuple[list[broker.ReceivedMessage], int]  # and when they came in, microseconds since 1970, UTC
log = logging.getLogger(__name__)


class PullAhead:
    """Pull until `stop` is set or `give_back` is called; what ends it otherwise is told to `fail`.

    `quiet_since` is when a pull first came back empty, after the last that did not; `away_since` when Pub/Sub first did
    not answer, after it last did (seconds of the monotonic clock; None where it is not so).
    """

    def __init__(self, settings: Settings, stop: StopFlag, pull_seconds: float, fail: Callable[[Exception], object]):
        self.quiet_since: float | None = None
        self.away_since: float | None = None
        self._settings, self._stop, self._pull_seconds, self._fail = settings, stop, pull_seconds, fail
        self._pulled: queue.Queue[Pulled] = queue.Queue(PULLS_AHEAD)
        self._thread = threading.Thread(target=self._keep_pulling, daemon=True)
        self._is_over = False

    def start(self) -> None:
        """Begin to pull."""
        self._thread.start()

    def take(self, seconds: float) -> Pulled | None:
        """Return the oldest pull that nobody has taken; None where there is none for so many seconds."""
        try:
            return self._pulled.get(timeout=max(seconds, 0))
        except queue.Empty:
            return None

    def waiting(self) -> list[Pulled]:
        """Return what was pulled and nobody has taken yet; it stays."""
        with self._pulled.mutex:
            return list(self._pulled.queue)

    def give_back(self) -> None:
        """Pull no more, and return what nobody has taken, so that it comes again at once and not after its deadline."""
        self._is_over = True
        self._return_pulled()

    def wait_for_last_pull(self) -> None:
        """Wait, for a moment, for the pull that may still be open: what was just given back is what it gets."""
        if self._thread.is_alive():
            self._thread.join(LAST_PULL_SECONDS)

    def extend(self, ack_ids: list[str], seconds: int) -> None:
        """Keep messages for so many seconds more; 0 gives them back. At worst they come once more."""
        try:
            broker.extend(self._settings, self._settings.subscription, ack_ids, seconds)
        except broker.BrokerError as error:
            log.warning("the messages in hand could not be kept or given back: %s", error)

    def _keep_pulling(self) -> None:
        try:
            while not self._stop.is_set() and not self._is_over:
                self._pull_once()
        except Exception as error:
            self._fail(error)
        finally:
            self._return_pulled()

    def _pull_once(self) -> None:
        name = self._settings.subscription
        try:
            pulled = broker.pull(self._settings, name, FULL_PULL, self._pull_seconds, self._note_away)
        except broker.BrokerError as error:
            log.warning("nothing can be pulled (%s); trying again", error)
            self._note_away(error)
            self._stop.wait(AWAY_SECONDS)
            return
        self.away_since = None
        if pulled:
            self.quiet_since = None
            self._pulled.put((pulled, time.time_ns() // 1000))
        elif self.quiet_since is None:
            self.quiet_since = time.monotonic()

    def _note_away(self, _: Exception) -> None:
        self.quiet_since = None  # a source that does not answer is not an idle one
        self.away_since = self.away_since or time.monotonic()

    def _return_pulled(self) -> None:
        while (pull := self.take(0)) is not None:
            self.extend([item.ack_id for item in pull[0]], 0)
