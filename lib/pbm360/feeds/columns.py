"""Look at the first rows of a log: how it is written, what each column holds, which columns are times."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from pbm360.feeds.cells import as_text, has_value
from pbm360.feeds.decoding import guess_encoding
from pbm360.feeds.errors import FeedError
from pbm360.feeds.reader import Row, TextFormat, file_format, open_binary, read_rows
from pbm360.feeds.times import ISO_8601, TimeReader, UnreadableTimeError

SAMPLE_ROWS = 5_000
DELIMITERS = (",", ";", "\t", "|")
LEAST_SHARE = 0.7  # of a column's values that a format of time must read
FEW_VALUES = 20
EARLIEST, LATEST = datetime.datetime(2000, 1, 1), datetime.datetime(2100, 1, 1)  # a number beyond is no time
FORMATS = (
    ISO_8601,
    *("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y"),
    *("%Y%m%d%H%M%S", "unix_seconds", "unix_milliseconds"),
)


@dataclass
class Column:
    """What the first rows hold in a column. `time_formats` read most of its values, each as many."""

    name: str
    row_count: int  # of the sample
    counts: Counter[str] = field(default_factory=Counter)  # value -> rows
    time_formats: tuple[str, ...] = ()
    has_offset: bool = False

    @property
    def filled_count(self) -> int:
        """How many rows have a value."""
        return self.counts.total()

    @property
    def is_nearly_unique(self) -> bool:
        """Whether every row has a value of its own, but for a few that were exported twice."""
        return self.row_count == self.filled_count and len(self.counts) >= 0.8 * self.row_count


@dataclass(frozen=True)
class Sample:
    """The first rows of a log and how the file is written."""

    text_format: TextFormat
    rows: list[Row]
    columns: dict[str, Column]
    is_whole: bool  # the log has no more rows


def sample_log(path: Path) -> Sample:
    """Read the first rows of a log. Raises `FeedError` for a file that is not there or can't be read."""
    if not path.is_file():
        raise FeedError(f"no file {path}")
    text_format = guess_text_format(path)
    rows = [row for _, row in itertools.islice(read_rows(path, None, text_format), SAMPLE_ROWS + 1)]
    is_whole = len(rows) <= SAMPLE_ROWS
    rows = rows[:SAMPLE_ROWS]
    names = dict.fromkeys(name for row in rows for name in row)
    return Sample(text_format, rows, {name: look_at(name, rows) for name in names}, is_whole)


def guess_text_format(path: Path) -> TextFormat:
    """Guess a text file's encoding and, by its header, a CSV's delimiter."""
    kind = file_format(path)
    if kind == "parquet":
        return TextFormat()
    with open_binary(path) as lines:
        encoding = guess_encoding(lines)
    if kind != "csv":
        return TextFormat(encoding=encoding)
    with open_binary(path) as lines:
        header = lines.read(64_000).decode(encoding, "replace").partition("\n")[0]
    return TextFormat(max(DELIMITERS, key=header.count), encoding)


def look_at(name: str, rows: Iterable[Row]) -> Column:
    """Count a column's values and find the formats that read them as times."""
    rows = list(rows)
    values = [row[name] for row in rows if has_value(row.get(name))]
    column = Column(name, len(rows), Counter(as_text(value) for value in values))
    if not values or isinstance(values[0], bool | list | dict):
        return column
    shares = {each: _share_read(values, each) for each in FORMATS}
    best = max(*shares.values(), LEAST_SHARE)
    column.time_formats = tuple(each for each, share in shares.items() if share >= best)
    column.has_offset = bool(column.time_formats) and _bears_offset(values[0], column.time_formats[0])
    return column


def _share_read(values: list[object], time_format: str) -> float:
    reader = TimeReader(ZoneInfo("UTC"), time_format)
    few = values[:FEW_VALUES]
    if sum(_is_read(value, reader) for value in few) < len(few) / 2:  # most formats end here
        return 0.0
    return sum(_is_read(value, reader) for value in values) / len(values)


def _is_read(value: object, reader: TimeReader) -> bool:
    if not isinstance(value, datetime.date):
        text = as_text(value)
        if reader.time_format == ISO_8601 and "-" not in text[:5]:  # 20261120 is a number first
            return False
        if reader.time_format.startswith("unix") and not text.replace(".", "", 1).isdigit():
            return False
        value = text
    try:
        return EARLIEST < reader.read(value).replace(tzinfo=None) < LATEST
    except UnreadableTimeError:
        return False


def _bears_offset(value: object, time_format: str) -> bool:
    if isinstance(value, datetime.datetime):
        return value.tzinfo is not None
    if time_format.startswith("unix"):
        return True
    if isinstance(value, datetime.date) or time_format != ISO_8601:
        return False
    return datetime.datetime.fromisoformat(as_text(value)).tzinfo is not None
