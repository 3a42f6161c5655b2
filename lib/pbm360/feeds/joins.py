"""Join a log with other files of the same orders: the carrier knows a tracking number, another file whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pbm360.feeds.cells import as_text
from pbm360.feeds.checking import check_keys, mapping_of, text
from pbm360.feeds.decoding import UTF_8, encoding_name
from pbm360.feeds.errors import FeedError, MappingError
from pbm360.feeds.reader import Progress, Row, TextFormat, place_word, read_rows

if TYPE_CHECKING:
    from pbm360.feeds.mapping import FeedMapping

KEYS = {"file", "on", "columns"}, {"delimiter", "encoding"}


@dataclass(frozen=True)
class Join:
    """Columns that a row takes from the row of another file with the same key.

    `file` is found beside the log; it is held in memory, the log is not.
    """

    file: Path
    log_column: str
    file_column: str
    columns: tuple[str, ...]
    text_format: TextFormat


def parse_joins(content: object) -> tuple[Join, ...]:
    """Check what a mapping says under `join`: one file, or a list of them. Raises `MappingError`."""
    return tuple(_parse(each) for each in (content if isinstance(content, list) else [content]))


def replace_files(joins: tuple[Join, ...], files: list[Path]) -> tuple[Join, ...]:
    """Return the joins with other files, in their order. Raises `MappingError` where there are not as many."""
    if files and len(files) != len(joins):
        raise MappingError(f"the mapping joins {len(joins)} files; got {len(files)}")
    return tuple(replace(join, file=file) for join, file in zip(joins, files or [j.file for j in joins], strict=True))


def read_log(
    path: Path,
    mapping: FeedMapping,
    progress: Progress = lambda done, total: None,
    alone: Counter[str] | None = None,
) -> Iterator[tuple[int, Row]]:
    """Yield (place, row) of a log, each row with what its joins bring; `alone` counts the rows without a partner."""
    alone = Counter() if alone is None else alone
    partners = [(join, _partners(path, join)) for join in mapping.joins]
    for place, row in read_rows(path, mapping.columns, mapping.text_format, progress):
        for join, rows in partners:
            found = rows.get(as_text(row.get(join.log_column)))
            row |= found or {}
            alone[join.file.name] += found is None
        yield place, row


def _parse(content: object) -> Join:
    content = mapping_of(content, "join")
    check_keys(content, "join.", *KEYS)
    on = content["on"]
    if not isinstance(on, str) and (not isinstance(on, dict) or len(on) != 1):
        raise MappingError(f"join.on must be a column of both files, or `column of the log: column of it`; got {on!r}")
    log_column, file_column = (on, on) if isinstance(on, str) else next(iter(on.items()))
    columns = content["columns"]
    if not isinstance(columns, list) or not columns:
        raise MappingError(f"join.columns must list the columns to take; got {columns!r}")
    return Join(
        Path(text(content["file"], "join.file")),
        text(log_column, "join.on"),
        text(file_column, "join.on"),
        tuple(text(column, "join.columns") for column in columns),
        TextFormat(content.get("delimiter", ","), encoding_name(content.get("encoding", UTF_8))),
    )


def _partners(log: Path, join: Join) -> dict[str, Row]:
    """Read a file's rows by their key. Raises `FeedError` where two rows of one key differ."""
    path = log.parent / join.file
    if not path.is_file():
        raise FeedError(f"no file {path}, which the mapping joins; lay it beside {log.name} or name it by --join")
    found: dict[str, Row] = {}
    for place, row in read_rows(path, (join.file_column, *join.columns), join.text_format):
        key = as_text(row.get(join.file_column))
        brought = {column: row[column] for column in join.columns if column in row}
        if key and found.setdefault(key, brought) != brought:
            raise FeedError(
                f"{path.name} {place_word(path)} {place} differs from an earlier one with the same {join.file_column}; "
                "a join needs one row a key"
            )
    return found
