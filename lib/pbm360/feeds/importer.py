"""Import a log: check all of it, then publish its events to the topic that every source sends to."""

from __future__ import annotations

import datetime
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pbm360 import broker
from pbm360.domain.envelope import format_time
from pbm360.feeds.errors import FeedError
from pbm360.feeds.joins import replace_files
from pbm360.feeds.mapping import IMPORT_TIME, FeedMapping, load_mapping
from pbm360.feeds.survey import Survey, counts_text, numbered_events, survey_log
from pbm360.settings import Settings

CHECKING, PUBLISHING = "checking", "publishing"


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `published_count` counts messages; `survey` says what the log held."""

    import_id: str
    topic: str
    published_count: int
    seconds: float
    survey: Survey
    first_known_date: datetime.date
    last_known_date: datetime.date

    def lines(self) -> list[str]:
        """Say it in a few lines."""
        return [
            f"{self.survey.row_count:,} rows read, {self.published_count:,} events published to {self.topic} "
            f"in {self.seconds:.1f} s ({self.import_id})",
            f"by type: {counts_text(self.survey.event_counts)}",
            *self._left_out_lines(),
            *self._time_lines(),
            *self._defect_lines(),
            "next: `pbm360 stream --until-idle-seconds 3` lands them, `pbm360 backfill "
            f"--from {self.first_known_date} --to {self.last_known_date}` builds their days",
        ]

    def _left_out_lines(self) -> Iterator[str]:
        if self.survey.ignored_counts:
            yield f"left out on the mapping's word: {counts_text(self.survey.ignored_counts)}"
        without = self.survey.rows_without_event_count - self.survey.ignored_counts.total()
        if without:
            yield f"{without:,} rows hold no time of any event"
        for file, count in self.survey.alone_counts.items():
            if count:
                yield f"{count:,} rows have no partner in {file}"

    def _time_lines(self) -> Iterator[str]:
        ambiguous, nonexistent = self.survey.ambiguous_time_count, self.survey.nonexistent_time_count
        if ambiguous:
            yield f"{ambiguous:,} local times occur twice (clocks went back); the earlier offset was taken"
        if nonexistent:
            yield f"{nonexistent:,} local times never occurred (clocks went forward); they were moved by the gap"

    def _defect_lines(self) -> Iterator[str]:
        for defect, count in self.survey.defect_counts.most_common():
            first = self.survey.first_defects[defect]
            yield f"the pipeline will reject {count:,} events: {defect}, first in {first}"


def import_file(
    settings: Settings,
    path: Path,
    mapping: FeedMapping | Path,
    progress: Callable[[str, int, int], object] = lambda step, done, total: None,
    join: Sequence[Path] = (),
) -> ImportReport:
    """Publish the events of a log; `progress` is told of each step how much is done, of how much.

    The steps are `CHECKING`, in bytes (in Parquet rows), and `PUBLISHING`, in events. `join` names the files that the
    mapping joins, where they don't lie beside the log.

    The file is read twice: first checked as a whole, so that an error leaves nothing published. The same file gives
    the same ids, so importing it again adds duplicates that the pipeline drops. Raises `FeedError`, and `BrokerError`
    where Pub/Sub fails on the way; importing again then completes it.
    """
    mapping = mapping if isinstance(mapping, FeedMapping) else find_mapping(mapping, join)
    if not path.is_file():
        raise FeedError(f"no file {path}")
    started = datetime.datetime.now(datetime.UTC)
    clock = time.monotonic()
    survey = survey_log(path, mapping, lambda done, total: progress(CHECKING, done, total))
    import_id = name_import(path, started)
    messages = (
        (event.payload(event_id), event.attributes(import_id))
        for event_id, event in numbered_events(path, mapping, survey)
    )
    published = broker.publish_batches(
        settings, settings.topic, messages, progress=lambda done: progress(PUBLISHING, done, survey.event_count)
    )
    if published != survey.event_count:
        raise FeedError(
            f"{path.name} changed while it was read: {survey.event_count} events, then {published}; import it again"
        )
    known_dates = _known_dates(mapping, survey, started.date())
    seconds = time.monotonic() - clock
    return ImportReport(import_id, settings.topic, published, seconds, survey, *known_dates)


def find_mapping(path: Path, join: Sequence[Path] = ()) -> FeedMapping:
    """Read a mapping; its joins take the files named here, if any. Raises `MappingError`."""
    mapping = load_mapping(path)
    return replace(mapping, joins=replace_files(mapping.joins, [file.resolve() for file in join]))


def name_import(path: Path, started: datetime.datetime) -> str:
    """Return an import's id: when it began (UTC) and a digest of the file; a file's name may hold a person's."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()[:12]
    return f"import-{format_time(started)}-{digest}"


def _known_dates(mapping: FeedMapping, survey: Survey, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    if mapping.observed_at == IMPORT_TIME or survey.first_known_at is None:
        return today, today
    return survey.first_known_at.date(), survey.last_known_at.date()
