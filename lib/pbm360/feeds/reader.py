"""Read the rows of a log, a CSV, NDJSON or Parquet file, one by one, in constant memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as parquet

from pbm360.feeds.decoding import UTF_8, decode_lines
from pbm360.feeds.errors import FeedError

BATCH_ROWS = 4096
READ_BYTES = 1 << 18  # at a time: how often progress is told
LONGEST_LIST = 40  # columns that an error shows
ZIPPED = ".gz"
FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}

Row = dict[str, object]  # column -> value; a column that a row lacks is absent


Progress = Callable[[int, int], object]  # is told how much is read, of how much: bytes, in Parquet rows


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written; Parquet needs none of it."""

    delimiter: str = ","
    encoding: str = UTF_8


PLAIN = TextFormat()


def read_rows(
    path: Path,
    columns: Sequence[str] | None,
    text_format: TextFormat = PLAIN,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[int, Row]]:
    """Yield (place, row) with the columns asked for, or with all; the place is the file's line, in Parquet the row.

    Raises `FeedError` for a file that is empty or broken, is not in its encoding (naming the line), or lacks a column
    (naming those it has). In NDJSON a column is lacking where no row has it, which the end of the file shows.
    """
    readers = {"csv": _read_csv, "ndjson": _read_ndjson, "parquet": _read_parquet}
    has_rows = False
    try:
        for place, row in readers[file_format(path)](path, columns, text_format, progress):
            has_rows = True
            yield place, row
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FeedError(f"{path.name} is broken or cut off ({error}); export it again") from error
    except pa.ArrowException as error:
        raise FeedError(f"{path.name} is no Parquet file, or a broken one: {error}") from error
    if not has_rows:
        raise FeedError(f"{path.name} holds no rows; expected at least one")


def file_format(path: Path) -> str:
    """Return csv, ndjson or parquet by the file's name. Raises `FeedError` for any other."""
    name = path.name.lower()
    found = FORMATS.get(Path(name.removesuffix(ZIPPED)).suffix)
    if found is None or (found == "parquet" and name.endswith(ZIPPED)):
        raise FeedError(f"a log is a .csv, .ndjson, .jsonl (each also .gz) or .parquet file; got {path.name}")
    return found


def place_word(path: Path) -> str:
    """Return what a place in the file is called."""
    return "row" if file_format(path) == "parquet" else "line"


def _read_csv(
    path: Path, columns: Sequence[str] | None, text_format: TextFormat, progress: Progress
) -> Iterator[tuple[int, Row]]:
    delimiter = text_format.delimiter
    with open_binary(path, progress) as lines:
        reader = csv.reader(decode_lines(path, lines, text_format.encoding), delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            columns = list(dict.fromkeys(header)) if columns is None else columns
            _require(path, columns, header)
            wanted = [(column, header.index(column)) for column in columns]
            for cells in reader:
                if len(cells) == len(header):
                    yield reader.line_num, {column: cells[index] for column, index in wanted}
                elif cells:  # an empty line is passed over
                    raise FeedError(
                        f"{path.name} line {reader.line_num} has {len(cells)} cells, the header has {len(header)}; "
                        f"is {delimiter!r} the delimiter, and are texts that hold it in quotes?"
                    )
        except csv.Error as error:
            raise FeedError(f"{path.name} line {reader.line_num} is no CSV: {error}") from error


def _read_ndjson(
    path: Path, columns: Sequence[str] | None, text_format: TextFormat, progress: Progress
) -> Iterator[tuple[int, Row]]:
    seen: dict[str, None] = {}
    with open_binary(path, progress) as lines:
        for place, line in enumerate(decode_lines(path, lines, text_format.encoding), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise FeedError(f"{path.name} line {place} is no JSON: {error}") from error
            if not isinstance(row, dict):
                raise FeedError(f"{path.name} line {place} must hold an object; it holds a {type(row).__name__}")
            seen |= dict.fromkeys(row)
            yield (
                place,
                {
                    column: row[column]
                    for column in (row if columns is None else columns)
                    if row.get(column) is not None
                },
            )
    if seen:
        _require(path, columns or (), list(seen))


def _read_parquet(
    path: Path, columns: Sequence[str] | None, text_format: TextFormat, progress: Progress
) -> Iterator[tuple[int, Row]]:
    with parquet.ParquetFile(path) as file:
        columns = file.schema_arrow.names if columns is None else columns
        _require(path, columns, file.schema_arrow.names)
        place = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
            for row in _in_microseconds(batch).to_pylist():
                place += 1
                yield place, {column: value for column, value in row.items() if value is not None}
            progress(place, file.metadata.num_rows)


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut timestamps past the microsecond, as the pipeline cuts them in text."""
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz)) if pa.types.is_timestamp(field.type) else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields), safe=False)


def _require(path: Path, columns: Iterable[str], header: list[str]) -> None:
    if not header:
        raise FeedError(f"{path.name} is empty; expected a header and rows")
    shown = ", ".join(header[:LONGEST_LIST]) + (", ..." if len(header) > LONGEST_LIST else "")
    for column in columns:
        if column not in header:
            raise FeedError(f"{path.name} has no column {column!r}; it has {shown}")
        if header.count(column) > 1:
            raise FeedError(f"{path.name} has {header.count(column)} columns {column!r}; rename all but one")


class _Watched(io.RawIOBase):
    """A file that tells how much of it is read; a zipped one in zipped bytes, whose total is known."""

    def __init__(self, file: BinaryIO, total: int, progress: Progress):
        self._file, self._total, self._progress = file, total, progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = self._file.readinto(buffer)
        self._progress(self._file.tell(), self._total)
        return count


@contextmanager
def open_binary(path: Path, progress: Progress = lambda done, total: None) -> Iterator[BinaryIO]:
    """Open a text file for its bytes, unzipped."""
    with path.open("rb", buffering=0) as file:
        watched = io.BufferedReader(_Watched(file, path.stat().st_size, progress), READ_BYTES)
        yield gzip.GzipFile(fileobj=watched) if path.name.lower().endswith(ZIPPED) else watched
