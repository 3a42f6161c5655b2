"""Decode a text file line by line, so that an error can name the byte, its line and what to write in the mapping."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pbm360.feeds.errors import FeedError, MappingError

UTF_8 = "utf-8"
MARKS = {codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE_BYTES = 4_000_000  # of a file, to guess its encoding from


def encoding_name(name: str) -> str:
    """Return an encoding's own name, e.g. cp1252 for Windows-1252. Raises `MappingError` for one that is unknown."""
    try:
        found = codecs.lookup(name).name
        "order".encode(found).decode(found)
    except (LookupError, UnicodeError, TypeError):  # some codecs turn bytes into bytes
        raise MappingError(
            f"encoding must be that of a text file, e.g. utf-8, cp1252, latin-1 or utf-16; got {name!r}"
        ) from None
    return found


def guess_encoding(lines: BinaryIO) -> str:
    """Return utf-8 where the first bytes are, else what most exports that aren't are written in."""
    sample = lines.read(SAMPLE_BYTES)
    for mark, encoding in MARKS.items():
        if sample.startswith(mark):
            return encoding
    for encoding in (UTF_8, "cp1252"):
        try:
            # a character that the sample's end cuts in two is not final
            codecs.getincrementaldecoder(encoding)().decode(sample)
            return encoding
        except UnicodeDecodeError:
            continue
    return "iso8859-1"  # which knows every byte


def decode_lines(path: Path, lines: BinaryIO, encoding: str = UTF_8) -> Iterator[str]:
    """Yield the lines as text; a byte order mark at the start is dropped. Raises `FeedError` with the byte and line."""
    if encoding.startswith(("utf-16", "utf-32")):
        yield from _decode_wide(path, lines, encoding)
        return
    for place, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if place == 1 and encoding == UTF_8 else encoding)
        except UnicodeDecodeError as error:
            raise FeedError(_not_decoded(path, place, line, error, encoding)) from error


def _decode_wide(path: Path, lines: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Decode characters of two or four bytes, in which a line can't be told by its bytes."""
    place = 0
    try:
        for place, line in enumerate(io.TextIOWrapper(lines, encoding, newline=""), start=1):
            yield line.removeprefix("\ufeff") if place == 1 else line
    except UnicodeError as error:
        raise FeedError(f"{path.name} is not {encoding} after line {place}: {error}; correct `encoding:`") from error


def _not_decoded(path: Path, place: int, line: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    where = f"{path.name} line {place} is not {encoding.upper()} (byte {line[error.start]:#04x} at position "
    if encoding != UTF_8:
        return f"{where}{error.start + 1}); correct `encoding:` in the mapping"
    likely = guess_encoding(io.BytesIO(line))
    return f"{where}{error.start + 1}); export it as UTF-8, or say `encoding: {likely}` in the mapping if it is that"
