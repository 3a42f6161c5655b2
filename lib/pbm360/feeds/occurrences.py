"""Number the equal rows of a log that has no ids, in memory that does not grow with the log."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator

import numpy as np

DIGEST_BYTES = 16
BUFFER_BYTES = 1 << 20
ROWS_AT_ONCE = 1 << 21  # whose digests are looked through together: some 100 MB


class Occurrences:
    """Which of the equal rows each is: digests of a first reading lie in a nameless file, 16 bytes a row.

    Only those that came more than once are held in memory, from the first number that is asked for.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=BUFFER_BYTES)  # noqa: SIM115 (closed with the object)
        self._numbers: dict[bytes, int] | None = None
        weakref.finalize(self, self._file.close)

    def note(self, digest: bytes) -> None:
        """Take down a row's digest, 16 bytes or more, in the first reading."""
        self._file.write(digest[:DIGEST_BYTES])

    def number(self, digest: bytes) -> int:
        """Return, in the second reading, which of the equal rows this is: 1, 2, ..."""
        if self._numbers is None:
            self._file.flush()
            self._numbers = dict.fromkeys(self._repeated(), 0)
        key = digest[:DIGEST_BYTES]
        if key not in self._numbers:
            return 1
        self._numbers[key] += 1
        return self._numbers[key]

    def _repeated(self) -> Iterator[bytes]:
        """Yield the digests that were noted more than once: those of one remainder after the other."""
        parts = self._file.tell() // DIGEST_BYTES // ROWS_AT_ONCE + 1
        for part in range(parts):
            found = np.concatenate([rows[rows[:, 0] % parts == part] for rows in self._read()])
            found = found[np.lexsort((found[:, 1], found[:, 0]))]
            is_repeated = (found[1:] == found[:-1]).all(axis=1)
            yield from (row.tobytes() for row in found[1:][is_repeated])

    def _read(self) -> Iterator[np.ndarray]:
        """Yield the digests as pairs of whole numbers, at least one (empty) array."""
        self._file.seek(0)
        while content := self._file.read(ROWS_AT_ONCE * DIGEST_BYTES // 8):
            yield np.frombuffer(content, np.uint64).reshape(-1, 2)
        yield np.empty((0, 2), np.uint64)
