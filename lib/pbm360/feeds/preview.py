"""Show what a mapping makes of a log's first rows, before anything is published."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pbm360.feeds.events import UNREADABLE, EventMaker, FeedEvent, LeftOut
from pbm360.feeds.joins import read_log
from pbm360.feeds.mapping import PATIENT_ID, FeedMapping
from pbm360.feeds.reader import place_word

PREVIEW_ROWS = 100_000
SHOWN = 10
HIDDEN = "(hidden)"


@dataclass
class Preview:
    """What the first rows become. `events` and `rejects` hold the first ten of each, `reject_counts` counts by reason.

    `is_whole` says that the log has no more rows.
    """

    row_count: int = 0
    event_count: int = 0
    is_whole: bool = True
    events: list[dict[str, str]] = field(default_factory=list)  # time, type, order, source, data
    rejects: list[dict[str, str]] = field(default_factory=list)  # place, reason, value
    reject_counts: Counter[str] = field(default_factory=Counter)


def preview_log(path: Path, mapping: FeedMapping) -> Preview:
    """Map the first rows. A reject is an event that the pipeline would refuse, or a value that is not mapped.

    Raises `FeedError` for a file that can't be read.
    """
    preview, maker, word = Preview(), EventMaker(mapping), place_word(path)
    for place, row in itertools.islice(read_log(path, mapping), PREVIEW_ROWS + 1):
        if preview.row_count == PREVIEW_ROWS:
            preview.is_whole = False
            break
        preview.row_count += 1
        for made in maker.make(row):
            preview.event_count += isinstance(made, FeedEvent)
            reject = next(_rejects(made, mapping), None)
            if reject:
                preview.reject_counts[reject[0]] += 1
                _keep(preview.rejects, {"place": f"{word} {place}", "reason": reject[0], "value": reject[1]})
            elif isinstance(made, FeedEvent):
                _keep(preview.events, _shown(made))
    return preview


def _rejects(made: FeedEvent | LeftOut, mapping: FeedMapping) -> Iterator[tuple[str, str]]:
    """Yield (reason, value) for which an event is refused; a value of an identifier is not shown."""
    if isinstance(made, LeftOut):
        if made.value not in mapping.ignored_types:
            yield "type is not mapped", made.value
        return
    for defect in made.defects:
        yield defect, made.event_time if defect == UNREADABLE else ""


def _shown(event: FeedEvent) -> dict[str, str]:
    data = {name: HIDDEN if name == PATIENT_ID else value for name, value in event.data.items()}
    return {
        "time": event.event_time,
        "type": event.event_type,
        "order": event.order_id,
        "source": event.source,
        "data": ", ".join(f"{name}={value}" for name, value in data.items()),
    }


def _keep(kept: list[dict[str, str]], row: dict[str, str]) -> None:
    if len(kept) < SHOWN:
        kept.append(row)
