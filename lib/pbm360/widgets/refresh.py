"""Keep a page up to date while somebody looks at it, and do nothing once nobody does.

The page's heartbeat holds the loop alive. When a tab is closed or its machine sleeps, the loop ends within
`BEAT_PATIENCE_SECONDS`; the kernel then says nothing more, counts as idle, and is culled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT_PATIENCE_SECONDS = 10.0  # three heartbeats, one of them late
LOOK_SECONDS = 0.05  # two file stats; waking for them costs 2 to 4 ms of a core a second


class Refresher:
    """Calls `show` at the first heartbeat and whenever `has_news()`, for as long as heartbeats come."""

    def __init__(self, has_news: Callable[[], bool], show: Callable[[], None]):
        self.has_news = has_news
        self.show = show
        self._last_beat = float("-inf")
        self._watch: asyncio.Task | None = None

    @property
    def is_watching(self) -> bool:
        """Tell whether the loop runs."""
        return self._watch is not None and not self._watch.done()

    def beat(self) -> None:
        """Hear a heartbeat: start the loop where it does not run. Call it inside a running event loop."""
        self._last_beat = time.monotonic()
        if not self.is_watching:
            self._watch = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        self.show()
        while time.monotonic() - self._last_beat < BEAT_PATIENCE_SECONDS:
            if self.has_news():
                self.show()
            await asyncio.sleep(LOOK_SECONDS)
