"""What a stream on one machine says of itself: counts since it started, its rate, and how far it is behind."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

RATE_SECONDS = 10.0  # that the rate is taken over


@dataclass
class FeedState:
    """What the stream has done since it started, and how it stands now.

    `lag_seconds` is the age of the oldest message in hand; with none in hand, that of the last message when its block
    was committed; with Pub/Sub away, how long it has been away, where that is more. `messages_per_second` is the rate
    of the last `RATE_SECONDS`. `backlog` counts messages that were taken and are not committed yet. What Pub/Sub itself
    still holds only Cloud Monitoring tells, and on a laptop nobody: there the lag says how far behind the stream is.
    """

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    too_late: int = 0  # accepted, landed, and older than any minute that is still counted
    backlog: int = 0
    blocks_in_flight: int = 0
    seconds: float = 0.0  # from the start to the last block that was acknowledged
    lag_seconds: float = 0.0
    messages_per_second: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.received:,} messages, {self.rejected:,} refused, {self.too_late:,} too late to count, "
            f"{self.messages_per_second:,.0f}/s, lag {self.lag_seconds:.2f} s, backlog {self.backlog:,}"
        )


class Rate:
    """How many a second, over the last `RATE_SECONDS`, of a count that only grows."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def of(self, count: int) -> float:
        """Note the count of now; returns the rate since the note that is about `RATE_SECONDS` old."""
        now = time.monotonic()
        self._seen.append((now, count))
        while now - self._seen[1][0] >= RATE_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        return (count - before) / (now - since) if now > since else 0.0
