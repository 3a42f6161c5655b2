"""Give memory back to the machine that a process holds for itself and does not use."""

from __future__ import annotations

import ctypes

GIVE_BACK_SECONDS = 60.0  # between two times: it takes some milliseconds


def give_back() -> None:
    """Let the C library return what lies free between what is used, where it can (glibc); elsewhere do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
