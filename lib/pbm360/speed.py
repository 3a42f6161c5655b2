"""Watch the stream's heartbeats: is it alive, and how late is what it writes?"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass

from pbm360.warehouse import Warehouse

LOOK_SECONDS = 30.0


class StreamStale(RuntimeError):
    """The stream has not beaten for too long."""


@dataclass(frozen=True)
class Beat:
    """The stream's last heartbeat; `age_seconds` is None where there was none since yesterday."""

    beat_at: datetime.datetime | None
    age_seconds: float | None
    received_count: int | None
    rejected_count: int | None
    lag_seconds: float | None
    backlog_count: int | None = None
    too_late_count: int | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        if self.age_seconds is None:
            return "no heartbeat since yesterday"
        lag = "unknown" if self.lag_seconds is None else f"{self.lag_seconds:.1f} s"
        backlog = "" if self.backlog_count is None else f"; backlog {self.backlog_count:,}"
        messages = f"{self.received_count:,} messages, {self.rejected_count or 0:,} refused"
        return f"last heartbeat {self.age_seconds:.0f} s ago; {messages}; lag {lag}{backlog}"


def last_beat(warehouse: Warehouse, now: datetime.datetime) -> Beat:
    """Read the last heartbeat, as seen at an instant."""
    return Beat(**warehouse.run("runs/stream_beat.sql", {"now": now}).to_pylist()[0])


def watch_stream(
    warehouse: Warehouse,
    *,
    minutes: float,
    stale_seconds: float,
    look_seconds: float = LOOK_SECONDS,
    tell: Callable[[Beat], object] = lambda beat: None,
) -> int:
    """Look at the heartbeat again and again for so many minutes; returns how often it was looked at.

    A stream that has just been started may take `stale_seconds` until its first heartbeat. Raises `StreamStale` once
    the last one is older than that.
    """
    started, looks = time.monotonic(), 0
    while True:
        beat, looks = last_beat(warehouse, datetime.datetime.now(datetime.UTC)), looks + 1
        tell(beat)
        watched = time.monotonic() - started
        is_old = beat.age_seconds is None or beat.age_seconds > stale_seconds
        if is_old and watched >= stale_seconds:
            raise StreamStale(
                f"the stream is stale: {beat}; expected one within {stale_seconds:g} s; see `pbm360 status` and its log"
            )
        if watched >= minutes * 60:
            return looks
        time.sleep(min(look_seconds, minutes * 60 - watched))
