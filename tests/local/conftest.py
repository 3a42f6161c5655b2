"""Folders for servers that run as a user of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the test's own, not below pytest's, which another session of pytest closes to all users but its own.

    PostgreSQL, which root starts as another user, must reach its data through every folder above them.
    """
    with tempfile.TemporaryDirectory(prefix="pbm360-test-") as name:
        yield Path(name)
