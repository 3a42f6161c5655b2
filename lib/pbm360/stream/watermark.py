"""How far event time has come, by what was seen and by the clock."""

from __future__ import annotations

import time

from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND

SLACK_SECONDS = 60  # how far the watermark stays behind the newest event
IDLE_SECONDS = 5  # after so long without a message the watermark follows the wall clock


class Watermark:
    """The event time (microseconds) below which nothing more is expected. It never goes back, nor past the clock."""

    def __init__(self) -> None:
        self._at = 0

    def advance(self, newest_event_at: int, idle_seconds: float) -> int:
        """Return the watermark after what was seen; an idle source must not hold it back for ever."""
        now = time.time_ns() // 1000
        reached = now if idle_seconds > IDLE_SECONDS else min(newest_event_at, now)
        self._at = max(self._at, reached - SLACK_SECONDS * MICROSECONDS_PER_SECOND, 0)
        return self._at
