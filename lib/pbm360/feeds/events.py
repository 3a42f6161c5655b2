"""Turn a row of a log into events of ours.

A row that lacks what an event needs is no error here: its event is published as far as it goes, so that it lands in
bronze and the pipeline's own ledger refuses it with a reason. Nothing of a log vanishes on its way.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pbm360.domain import rules
from pbm360.domain.envelope import build_event, encode, format_time
from pbm360.feeds.cells import as_text, has_value
from pbm360.feeds.mapping import IMPORT_TIME, WIDE, DataField, FeedMapping, NamedBy
from pbm360.feeds.reader import Row
from pbm360.feeds.times import TimeReader, UnreadableTimeError

VALID_ID = re.compile(r"[!-~]{1,128}")  # as the pipeline wants it
UNREADABLE = "invalid_time"  # the defect of an event whose time can't be read
LARGEST_INTEGER = 2**63 - 1  # JSON beyond it is written as text
LONGEST_ATTRIBUTE = 256  # bytes; Pub/Sub takes 1,024
DIGEST_CHARACTERS = 24  # 96 bits: no two different events of a log get one id


@dataclass(frozen=True)
class FeedEvent:
    """An event of a log before it is published.

    `event_id` is empty where the log has none; `known_at` is UTC, None where the import itself is when it was known.
    `defects` are the reasons for which the pipeline will refuse it, as far as they show here.
    """

    event_id: str
    source: str
    event_type: str
    event_time: str
    order_id: str
    data: Mapping[str, object]
    known_at: datetime.datetime | None
    defects: tuple[str, ...]

    def digest(self) -> bytes:
        """Return what tells this event's content from any other's; equal for the same row in any format of file."""
        content = [self.source, self.event_type, self.event_time, self.order_id, self.data]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).digest()

    def payload(self, event_id: str) -> bytes:
        """Return the event as it goes on the wire, under the id."""
        event = build_event(event_id, self.source, self.event_type, self.event_time, self.order_id, self.data)
        try:
            return encode(event)
        except TypeError:  # text that is no Unicode, or a nested value that JSON does not know
            return json.dumps(event, default=str).encode()

    def attributes(self, import_id: str) -> dict[str, str]:
        """Return the attributes of the event's message."""
        source = self.source.encode("utf-8", "replace")[:LONGEST_ATTRIBUTE].decode("utf-8", "ignore")
        known_at = format_time(self.known_at) if self.known_at else ""
        attributes = {"source": source, "import_id": import_id, "observed_at": known_at}
        return {name: value for name, value in attributes.items() if value}


@dataclass(frozen=True)
class LeftOut:
    """A value of the type column that makes no event: not mapped, or left out on the mapping's word."""

    value: str


def content_id(digest: bytes, occurrence: int) -> str:
    """Return the id of an event that has none: its content, and which of the equal rows it is (from 1)."""
    return f"import-{digest.hex()[:DIGEST_CHARACTERS]}-{occurrence}"


class EventMaker:
    """Makes the events of rows by a mapping; `times` counts what the zone's clock changes made doubtful."""

    def __init__(self, mapping: FeedMapping):
        self.mapping = mapping
        self.times = TimeReader(mapping.zone, mapping.time_format)
        self.kinds = {each.field: each.kind for each in rules.typed_fields()}

    def make(self, row: Row) -> Iterator[FeedEvent | LeftOut]:
        """Yield the events of a row: one of a long log, one for each time of a wide one."""
        mapping = self.mapping
        if mapping.shape == WIDE:
            for column, event_type in mapping.types.items():
                if has_value(row.get(column)):
                    yield self._event(row, event_type, row[column], f"-{event_type}")
            return
        value = as_text(row.get(mapping.type_column))
        event_type = mapping.event_type(value)
        if value and event_type is None:
            yield LeftOut(value)
        else:
            yield self._event(row, event_type or "", row.get(mapping.time_column), "")

    def _event(self, row: Row, event_type: str, time_value: object, id_suffix: str) -> FeedEvent:
        mapping = self.mapping
        event_at, event_time = self._time(time_value)
        order_id = _named(row, mapping.order)
        event_id = _named(row, mapping.event_id) if mapping.event_id else ""
        source = self._source(row, event_type)
        return FeedEvent(
            event_id=event_id + id_suffix if event_id else "",
            source=source,
            event_type=event_type,
            event_time=event_time,
            order_id=order_id,
            data=self._data(row),
            known_at=self._known_at(row, event_at),
            defects=tuple(_defects(source, event_type, event_at, event_time, order_id, event_id)),
        )

    def _source(self, row: Row, event_type: str) -> str:
        if self.mapping.source_column:
            return as_text(row.get(self.mapping.source_column))
        known = rules.event_types().get(event_type)
        return self.mapping.source or (known.source if known else "oms")

    def _time(self, value: object) -> tuple[datetime.datetime | None, str]:
        """Return the instant and its text; of an unreadable time no instant, and the text as it stands."""
        if not has_value(value):
            return None, ""
        try:
            instant = self.times.read(value)
        except UnreadableTimeError:
            return None, as_text(value)
        return instant, format_time(instant)

    def _known_at(self, row: Row, event_at: datetime.datetime | None) -> datetime.datetime | None:
        if self.mapping.observed_at == IMPORT_TIME:
            return None
        column = self.mapping.observed_at_column
        return (self._time(row.get(column))[0] if column else None) or event_at

    def _data(self, row: Row) -> dict[str, object]:
        data = {}
        for field in self.mapping.fields:
            value = field.constant or row.get(field.column)
            if has_value(value):
                data[field.name] = self._field_value(field, value)
        return data

    def _field_value(self, field: DataField, value: object) -> object:
        if as_text(value) in field.values:
            return field.values[as_text(value)]
        if self.kinds.get(field.name) == "timestamp":
            return self._time(value)[1]
        if self.kinds.get(field.name) == "date" and isinstance(value, datetime.datetime):
            return value.date().isoformat()
        if isinstance(value, list | dict | bool) or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER):
            return value
        return as_text(value)


def _named(row: Row, named_by: NamedBy) -> str:
    text = as_text(row.get(named_by.column))
    return named_by.prefix + text if text else ""


def _defects(
    source: str, event_type: str, event_at: datetime.datetime | None, event_time: str, order_id: str, event_id: str
) -> Iterator[str]:
    for name, value in {"source": source, "type": event_type, "time": event_time, "subject": order_id}.items():
        if not value:
            yield f"missing_field ({name})"
    for name, value in {"id": event_id, "subject": order_id}.items():
        if value and not VALID_ID.fullmatch(value):
            yield f"invalid_id ({name})"
    if event_time and event_at is None:
        yield UNREADABLE
