"""Give queries much memory while they come, and appended rows alone little, so that a stream's warehouse stays small.

DuckDB keeps what it has written until its memory is full: a stream without readers would fill it for an hour and more.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pbm360.memory import GIVE_BACK_SECONDS, give_back

QUIET_SECONDS = 60.0  # without a query, after which appended rows are alone
FOR_QUERIES = {
    "memory_limit": "1200MB",  # DuckDB's own share of the stack's 2 GB; what is more goes to the disk
    "checkpoint_threshold": "256MB",  # a checkpoint holds up every reader: at DuckDB's 16 MB each build brings several
    "allocator_background_threads": "false",
}
FOR_APPENDS = {
    "memory_limit": "400MB",
    "checkpoint_threshold": "32MB",  # rows since the last checkpoint lie in memory two or three times as large
    "allocator_background_threads": "true",  # give freed memory back at once: each checkpoint frees little of it
}


class Room:
    """The database's memory: `for_query` wraps each query, `after_append` follows each append. Safe for threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self._connection, self._lock = connection, threading.Lock()
        self._query_count = self._uncompressed_count = 0
        self._is_wide = False
        self._given_back_at = time.monotonic()
        self._widen()

    @contextmanager
    def for_query(self) -> Iterator[None]:
        """Let the block use the queries' memory."""
        with self._lock:
            self._query_count += 1
            if not self._is_wide:
                self._widen()
        try:
            yield
        finally:
            with self._lock:
                self._query_count -= 1
                self._queried_at = time.monotonic()

    @contextmanager
    def uncompressed(self) -> Iterator[None]:
        """Write tables as they are while the block runs: finding the best compression takes half the time of a copy."""
        self._press(1)
        try:
            yield
        finally:
            self._press(-1)

    def _press(self, change: int) -> None:
        with self._lock:
            self._uncompressed_count += change
            self._set({"force_compression": "uncompressed" if self._uncompressed_count else "auto"})

    def after_append(self) -> None:
        """Take the queries' memory back where none has come for `QUIET_SECONDS`; while none comes, keep little."""
        now = time.monotonic()
        if now - self._queried_at < QUIET_SECONDS:
            return
        if now - self._given_back_at >= GIVE_BACK_SECONDS:
            self._given_back_at = now
            give_back()
        if not self._is_wide:
            return
        with self._lock, contextlib.suppress(duckdb.OutOfMemoryException):  # it is all in use: after a later append
            if self._is_wide and not self._query_count:
                self._set(FOR_APPENDS)
                self._is_wide = False

    def _widen(self) -> None:
        self._set(FOR_QUERIES)
        self._is_wide, self._queried_at = True, time.monotonic()

    def _set(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            self._connection.execute(f"SET GLOBAL {name} = '{value}'")
