"""Keep a topic's messages in order in append-only segment files, each publish request one checked batch.

A batch is a header (magic, CRC-32, bytes, first sequence number, publish time, count), the messages' lengths, then the
messages. It is written to the operating system before the publish is answered, so it survives the process; it is
brought to the disk within a second, which is what a power loss may cost. A torn batch at the end is cut off when the
log is opened; damage anywhere else is refused. In memory stay 8 bytes a message and 16 bytes a batch; a segment is
deleted once nobody needs its messages.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from pathlib import Path

from pbm360.local.pubsub.acknowledged import FIRST_SEQUENCE

SEGMENT_BYTES = 32 * 1024 * 1024
HEADER = struct.Struct("<4sIIQQI")
MAGIC = b"PBM1"
CHECKED_FROM = 8  # bytes of a batch before what the CRC covers
LENGTH_BYTES = 4


class DamagedLog(RuntimeError):
    """A segment can't be read; the text names the file and the place."""


class Segment:
    """One file: the messages from `first_sequence` on, and where each of them stands."""

    def __init__(self, path: Path, first_sequence: int):
        self.path, self.first_sequence, self.size = path, first_sequence, 0
        self.starts, self.lengths = array("I"), array("I")
        self.batch_firsts, self.batch_times = array("Q"), array("Q")

    @property
    def next_sequence(self) -> int:
        """The sequence number after the last message."""
        return self.first_sequence + len(self.starts)

    def note(self, publish_time: int, lengths: array) -> None:
        """Take down a batch that stands at the end of the file."""
        start = self.size + HEADER.size + LENGTH_BYTES * len(lengths)
        self.batch_firsts.append(self.next_sequence)
        self.batch_times.append(publish_time)
        ends = list(accumulate(lengths, initial=start))
        self.size = ends.pop()
        self.starts.extend(ends)
        self.lengths.extend(lengths)

    def load(self, *, is_last: bool) -> None:
        """Read the file's batches; a torn end is cut off in the last segment alone."""
        with self.path.open("rb+") as file:
            end = os.fstat(file.fileno()).st_size
            while self.size < end:
                batch = self._read_batch(file, check=is_last)
                if batch is None and not is_last:
                    raise DamagedLog(
                        f"{self.path} is damaged at byte {self.size}; restore it or delete the data folder"
                    )
                if batch is None:
                    file.truncate(self.size)
                    return
                self.note(*batch)

    def read(self, first: int, last: int) -> list[bytes]:
        """Return the messages with sequence numbers `first` to `last`, both included."""
        low, high = first - self.first_sequence, last - self.first_sequence
        offset = self.starts[low]
        with self.path.open("rb", buffering=0) as file:
            content = os.pread(file.fileno(), self.starts[high] + self.lengths[high] - offset, offset)
        starts, lengths = self.starts, self.lengths
        return [content[starts[n] - offset : starts[n] - offset + lengths[n]] for n in range(low, high + 1)]

    def _read_batch(self, file, *, check: bool) -> tuple[int, array] | None:
        file.seek(self.size)
        header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        magic, checksum, size, first, publish_time, count = HEADER.unpack(header)
        if magic != MAGIC or first != self.next_sequence:
            return None
        content = file.read(size if check else LENGTH_BYTES * count)
        if check and (len(content) < size or zlib.crc32(content, zlib.crc32(header[CHECKED_FROM:])) != checksum):
            return None
        lengths = array("I")
        lengths.frombytes(content[: LENGTH_BYTES * count])
        return (publish_time, lengths) if len(lengths) == count else None


class MessageLog:
    """All messages of one topic that somebody still needs."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES):
        self._folder, self._segment_bytes = folder, segment_bytes
        folder.mkdir(parents=True, exist_ok=True)
        paths = sorted(folder.glob("*.log"))
        self._segments = [Segment(path, int(path.stem)) for path in paths]
        for segment in self._segments:
            segment.load(is_last=segment is self._segments[-1])
        self._descriptor = -1
        self._unsynced: list[Path] = []
        if self._segments:
            self._open_last()
        else:
            self._begin_segment(FIRST_SEQUENCE)

    @property
    def first_sequence(self) -> int:
        """The sequence number of the oldest message that is held."""
        return self._segments[0].first_sequence

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next message will get."""
        return self._segments[-1].next_sequence

    def append(self, messages: list[bytes], publish_time: int) -> None:
        """Write a batch (publish time in microseconds since 1970); it survives the process once this returns.

        Raises `OSError` where the disk does not take it, and then holds none of it.
        """
        if self._segments[-1].size >= self._segment_bytes:
            self._begin_segment(self.next_sequence)
        segment = self._segments[-1]
        lengths = array("I", map(len, messages))
        content = b"".join([lengths.tobytes(), *messages])
        tail = HEADER.pack(MAGIC, 0, len(content), segment.next_sequence, publish_time, len(messages))[CHECKED_FROM:]
        checksum = zlib.crc32(content, zlib.crc32(tail))
        batch = b"".join([MAGIC, checksum.to_bytes(4, "little"), tail, content])
        self._write(segment, batch)
        segment.note(publish_time, lengths)
        if not self._unsynced or self._unsynced[-1] != segment.path:
            self._unsynced.append(segment.path)

    def read(self, sequences: list[int]) -> list[bytes]:
        """Return messages by sequence number, in the order asked; neighbours are read together."""
        bodies: list[bytes] = []
        position = 0
        while position < len(sequences):
            first = sequences[position]
            segment = self._segment_of(first)
            end = position + 1
            while end < len(sequences) and sequences[end] == first + end - position < segment.next_sequence:
                end += 1
            bodies += segment.read(first, sequences[end - 1])
            position = end
        return bodies

    def message_size(self, sequence: int) -> int:
        """Return the bytes of a message."""
        segment = self._segment_of(sequence)
        return segment.lengths[sequence - segment.first_sequence]

    def first_sequence_since(self, publish_time: int) -> int:
        """Return the first sequence number published at or after a time, microseconds since 1970."""
        for segment in self._segments:
            position = bisect_left(segment.batch_times, publish_time)
            if position < len(segment.batch_times):
                return segment.batch_firsts[position]
        return self.next_sequence

    def last_publish_time(self) -> int:
        """Return the publish time of the newest message that is held, 0 where there is none."""
        times = [segment.batch_times[-1] for segment in self._segments if segment.batch_times]
        return times[-1] if times else 0

    def drop_below(self, sequence: int) -> None:
        """Delete the segments that hold nothing from `sequence` on; the last one stays."""
        while len(self._segments) > 1 and self._segments[1].first_sequence <= sequence:
            self._segments.pop(0).path.unlink()

    def take_unsynced(self) -> list[Path]:
        """Return the files written since the last call, for `sync_files`."""
        paths, self._unsynced = self._unsynced, []
        return paths

    def close(self) -> None:
        """Bring everything to the disk and close."""
        os.fdatasync(self._descriptor)
        os.close(self._descriptor)

    def _segment_of(self, sequence: int) -> Segment:
        last = self._segments[-1]
        if sequence >= last.first_sequence:
            return last
        return self._segments[bisect_right(self._segments, sequence, key=lambda segment: segment.first_sequence) - 1]

    def _write(self, segment: Segment, batch: bytes) -> None:
        try:
            written = os.write(self._descriptor, batch)
            while written < len(batch):
                written += os.write(self._descriptor, memoryview(batch)[written:])
        except OSError:
            os.ftruncate(self._descriptor, segment.size)
            raise

    def _begin_segment(self, first_sequence: int) -> None:
        self._segments.append(Segment(self._folder / f"{first_sequence:020d}.log", first_sequence))
        self._segments[-1].path.touch()
        self._open_last()

    def _open_last(self) -> None:
        if self._descriptor >= 0:
            os.fdatasync(self._descriptor)  # only the last segment may ever be torn
            os.close(self._descriptor)
        self._descriptor = os.open(self._segments[-1].path, os.O_WRONLY | os.O_APPEND)


def sync_files(paths: list[Path]) -> None:
    """Bring files to the disk; one that was deleted meanwhile no longer matters."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
