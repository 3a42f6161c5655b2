"""Read a log once before anything is published: what it holds, what is not mapped, what will be refused."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pbm360.feeds.errors import FeedError, UnmappedTypesError
from pbm360.feeds.events import UNREADABLE, EventMaker, FeedEvent, LeftOut, content_id
from pbm360.feeds.joins import read_log
from pbm360.feeds.mapping import REFUSE, FeedMapping
from pbm360.feeds.occurrences import Occurrences
from pbm360.feeds.reader import Progress, place_word

LONGEST_LIST = 30  # values that an error shows


@dataclass
class Survey:
    """What a log holds. Times are UTC; places are lines of the file (rows, in Parquet)."""

    row_count: int = 0
    event_count: int = 0
    rows_without_event_count: int = 0
    event_counts: Counter[str] = field(default_factory=Counter)  # event type -> events
    ignored_counts: Counter[str] = field(default_factory=Counter)  # value -> rows, on the mapping's word
    unmapped_counts: Counter[str] = field(default_factory=Counter)  # value -> rows
    defect_counts: Counter[str] = field(default_factory=Counter)  # reason -> events
    first_defects: dict[str, str] = field(default_factory=dict)  # reason -> place, and a time that can't be read
    alone_counts: Counter[str] = field(default_factory=Counter)  # file -> rows that it has no partner for
    ambiguous_time_count: int = 0
    nonexistent_time_count: int = 0
    first_known_at: datetime.datetime | None = None
    last_known_at: datetime.datetime | None = None
    occurrences: Occurrences = field(default_factory=Occurrences)  # of rows without an id


def survey_log(path: Path, mapping: FeedMapping, progress: Progress = lambda done, total: None) -> Survey:
    """Read the whole log and say what it holds.

    Raises `FeedError` for a file that can't be read or none of whose times can, `UnmappedTypesError` for types that
    the mapping does not know.
    """
    survey, maker, word = Survey(), EventMaker(mapping), place_word(path)
    for place, row in read_log(path, mapping, progress, survey.alone_counts):
        survey.row_count += 1
        events_before = survey.event_count
        for made in maker.make(row):
            _take_down(survey, mapping, f"{word} {place}", made)
        survey.rows_without_event_count += survey.event_count == events_before
    survey.ambiguous_time_count = maker.times.ambiguous_count
    survey.nonexistent_time_count = maker.times.nonexistent_count
    if survey.unmapped_counts:
        raise UnmappedTypesError(_unmapped_text(path, mapping, survey.unmapped_counts))
    if survey.event_count and survey.defect_counts[UNREADABLE] == survey.event_count:
        raise FeedError(
            f"{path.name} holds no time that can be read, first in {survey.first_defects[UNREADABLE]}; expected is "
            f"{mapping.time_format or 'ISO 8601'}. Set time.format, or let `pbm360 import --inspect` propose it"
        )
    return survey


def numbered_events(path: Path, mapping: FeedMapping, survey: Survey) -> Iterator[tuple[str, FeedEvent]]:
    """Read the log again and yield (id, event); rows without an id get one of their content. Once for each survey."""
    maker = EventMaker(mapping)
    for _, row in read_log(path, mapping):
        for made in maker.make(row):
            if isinstance(made, FeedEvent):
                digest = b"" if made.event_id else made.digest()
                yield made.event_id or content_id(digest, survey.occurrences.number(digest)), made


def counts_text(counts: Counter[str]) -> str:
    """List values with their counts, the most frequent first."""
    shown = [f"{value} {count:,}" for value, count in counts.most_common(LONGEST_LIST)]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _take_down(survey: Survey, mapping: FeedMapping, place: str, made: FeedEvent | LeftOut) -> None:
    if isinstance(made, LeftOut):
        is_refused = mapping.on_unmapped == REFUSE and made.value not in mapping.ignored_types
        (survey.unmapped_counts if is_refused else survey.ignored_counts)[made.value] += 1
        return
    survey.event_count += 1
    survey.event_counts[made.event_type] += 1
    for defect in made.defects:
        survey.defect_counts[defect] += 1
        survey.first_defects.setdefault(defect, f"{place}: {made.event_time!r}" if defect == UNREADABLE else place)
    if made.known_at:
        survey.first_known_at = min(survey.first_known_at or made.known_at, made.known_at)
        survey.last_known_at = max(survey.last_known_at or made.known_at, made.known_at)
    if not made.event_id:
        survey.occurrences.note(made.digest())


def _unmapped_text(path: Path, mapping: FeedMapping, counts: Counter[str]) -> str:
    return (
        f"{path.name} column {mapping.type_column} holds types that are not mapped ({place_word(path)}s of each): "
        f"{counts_text(counts)}; nothing was published. Map them under type.values, list them under "
        "type.ignore, or set type.on_unmapped: ignore"
    )
