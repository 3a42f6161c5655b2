"""How often the one reading process looks whether the reports have moved. Imports nothing heavy: kernels read it."""

from __future__ import annotations

from pbm360.settings import Settings

LEAST_SECONDS = 5.0


def reading_pause(settings: Settings) -> float:
    """Return the seconds between two looks at the batch's mark: the snapshots' pace, but no faster than each 5 s."""
    return max(settings.snapshot_seconds, LEAST_SECONDS)
