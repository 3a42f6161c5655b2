"""Keep a long-running process with many threads small: what it has freed goes back to the machine.

glibc gives each thread an arena of its own, and what one has freed no other one uses; Arrow keeps a pool beside it.
Elsewhere than on glibc the functions do what they can, or nothing.
"""

from __future__ import annotations

import ctypes
import sys

GIVE_BACK_SECONDS = 60.0  # between two times: it takes some milliseconds
ARENAS = 2  # Python runs one thread at a time
M_ARENA_MAX = -8  # of glibc's malloc.h


def share_arenas() -> None:
    """Let all threads that begin from now on allocate from few arenas. For the start of a process."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None and sys.platform == "linux":
        set_option(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return what lies free between what is used."""
    if arrow := sys.modules.get("pyarrow"):
        arrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
