"""Read the times of a log as instants; a time without an offset is local time of the log's own zone.

The rule where a zone moves its clocks: a local time that occurs twice takes the earlier offset, so the first of the
two instants; one that never occurs is moved forward by the gap. Both are counted.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

UTC = datetime.UTC
UNIX_FORMATS = {"unix_seconds": 1_000_000, "unix_milliseconds": 1_000}  # microseconds in one
ISO_8601 = ""
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableTimeError(ValueError):
    """A value is no time in the expected format."""


@dataclass
class TimeReader:
    """Reads times in one format and zone, and counts those that the zone's clock changes made doubtful.

    `time_format`: empty for ISO 8601, `unix_seconds`, `unix_milliseconds`, or a pattern of `strptime`.
    """

    zone: ZoneInfo
    time_format: str = ISO_8601
    ambiguous_count: int = 0
    nonexistent_count: int = 0

    def read(self, value: object) -> datetime.datetime:
        """Return the instant in UTC. Raises `UnreadableTimeError`; a date alone is its midnight."""
        try:
            found = self._parse(value)
            return self._from_local(found) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError, InvalidOperation) as error:
            raise UnreadableTimeError(f"{value!r} is no time: {error}") from error

    def _parse(self, value: object) -> datetime.datetime:
        if isinstance(value, datetime.datetime):
            return value
        if isinstance(value, datetime.date):
            return datetime.datetime.combine(value, datetime.time())
        text = str(value).strip()
        if self.time_format == ISO_8601:
            return datetime.datetime.fromisoformat(text)
        if self.time_format in UNIX_FORMATS:
            return EPOCH + datetime.timedelta(microseconds=int(Decimal(text) * UNIX_FORMATS[self.time_format]))
        return datetime.datetime.strptime(text, self.time_format)

    def _from_local(self, local: datetime.datetime) -> datetime.datetime:
        first = local.replace(tzinfo=self.zone, fold=0).utcoffset()
        second = local.replace(tzinfo=self.zone, fold=1).utcoffset()
        if first > second:  # clocks went back: the time occurs twice
            self.ambiguous_count += 1
        elif first < second:  # clocks went forward: by the offset before the gap it lies after the gap
            self.nonexistent_count += 1
        return (local - first).replace(tzinfo=UTC, fold=0)
