"""Remember which messages of a subscription are settled: a floor, and those above it; durable in one file.

The file is the floor, then the sequence numbers in the order of their acknowledgement, 8 bytes each. It is written to
the operating system with each request and rewritten once it has grown, so it survives the process; after a power loss
the last acknowledgements may be missing, which only delivers those messages again.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path

FIRST_SEQUENCE = 1
REWRITE_AT_ENTRIES = 131_072  # 1 MiB
ENTRY_BYTES = 8


class AcknowledgedSet:
    """A set of sequence numbers that holds everything below its floor."""

    def __init__(self, floor: int = FIRST_SEQUENCE):
        self.floor = floor
        self._above: set[int] = set()

    def __contains__(self, sequence: int) -> bool:
        return sequence < self.floor or sequence in self._above

    def add(self, sequence: int) -> None:
        """Settle one message; the floor rises over those that are settled without a gap."""
        if sequence not in self:
            self._settle(sequence)

    def raise_floor(self, floor: int) -> None:
        """Settle everything below `floor`."""
        if floor > self.floor:
            self.floor = floor
            self._above = {sequence for sequence in self._above if sequence >= floor}
            self._lift()

    def forget_from(self, sequence: int) -> None:
        """Hold nothing from `sequence` on: messages that a power loss took are not settled in advance."""
        self.floor = min(self.floor, sequence)
        self._above = {settled for settled in self._above if settled < sequence}

    def _settle(self, sequence: int) -> None:
        if sequence == self.floor and not self._above:  # the usual case: in order
            self.floor += 1
            return
        self._above.add(sequence)
        self._lift()

    def _lift(self) -> None:
        while self.floor in self._above:
            self._above.discard(self.floor)
            self.floor += 1


class AcknowledgedFile(AcknowledgedSet):
    """An acknowledged set that is written to a file by `flush`."""

    def __init__(self, path: Path, floor: int = FIRST_SEQUENCE):
        super().__init__(floor)
        self._path = path
        self._unwritten = array("Q")
        self._entries = 0
        if path.exists():
            self._load()
        self._rewrite()

    def add(self, sequence: int) -> None:
        """Settle one message; `flush` writes it."""
        if sequence not in self:
            self._unwritten.append(sequence)
            self._settle(sequence)

    def raise_floor(self, floor: int) -> None:
        """Settle everything below `floor` and write that at once."""
        super().raise_floor(floor)
        self._rewrite()

    def flush(self) -> None:
        """Write what was settled since the last call."""
        if not self._unwritten:
            return
        os.write(self._descriptor, self._unwritten.tobytes())
        self._entries += len(self._unwritten)
        self._unwritten = array("Q")
        if self._entries > REWRITE_AT_ENTRIES + 2 * len(self._above):
            self._rewrite()

    def close(self) -> None:
        """Write and close the file."""
        self._rewrite()
        os.close(self._descriptor)
        self._descriptor = -1

    def _load(self) -> None:
        entries, content = array("Q"), self._path.read_bytes()
        entries.frombytes(content[: len(content) - len(content) % ENTRY_BYTES])
        self.floor = max(entries[0], FIRST_SEQUENCE) if entries else self.floor
        self._above = {sequence for sequence in entries[1:] if sequence >= self.floor}
        self._lift()

    def _rewrite(self) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(array("Q", [self.floor, *sorted(self._above)]).tobytes())
        draft.replace(self._path)
        if getattr(self, "_descriptor", -1) >= 0:
            os.close(self._descriptor)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._unwritten, self._entries = array("Q"), len(self._above)
