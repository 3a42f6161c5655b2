"""Propose a mapping from the columns and values of a log's first rows, with what is left to decide said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pbm360.feeds import hints
from pbm360.feeds.columns import Column, Sample
from pbm360.feeds.decoding import UTF_8
from pbm360.feeds.errors import FeedError
from pbm360.feeds.times import ISO_8601

MOST_TYPES = 200  # different values that a column of types may have in a sample
LEAST_GUESSED = 0.5  # of a type column's rows whose value has a meaning
LEAST_GUESSED_NAMED = 0.2  # where the column's name says that it holds types
RATING_FIELDS = {"nps", "csat"}  # that make a row with one time a survey
DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"


@dataclass(frozen=True)
class Proposal:
    """A mapping as it stands in a YAML file, and the questions that the file alone can't answer."""

    content: dict
    questions: tuple[str, ...]

    def to_yaml(self) -> str:
        """Return the mapping file: the questions as comments, then the mapping."""
        asked = "".join(f"# To decide: {question}\n" for question in self.questions)
        head = "# Proposed from the columns and values of the log; read it before you import.\n"
        return head + asked + yaml.safe_dump(self.content, sort_keys=False, allow_unicode=True, width=100)


def propose(sample: Sample) -> Proposal:
    """Propose a mapping. Raises `FeedError` where no column can name the order, or none holds times."""
    columns = sample.columns
    times = [column for column in columns.values() if column.time_formats]
    order = _order_column(columns, times)
    if order is None or not times:
        lacking = "holds times" if order else "can name the order"
        raise FeedError(
            f"no mapping can be proposed: no column {lacking}; there are {', '.join(columns)}. "
            "Write one by hand, from one of the shipped ones"
        )
    taken = {order}
    events, questions = _wide(columns, times), []
    type_column = _type_column(columns, taken)
    if type_column and not _is_wide(events, columns[type_column]):
        shape = _long(columns, times, type_column, questions)
        used = [columns[shape["time"]["column"]]]
    else:
        shape, used = _wide_shape(events, times, columns), []
        used = [columns[name] for name in shape["events"]]
    taken |= {type_column} | {column.name for column in used}
    shape["time"] |= _time(used, questions)
    event_id = _event_id(columns, taken) if len(shape.get("events", ())) <= 1 else None
    taken |= {event_id}
    named = {"order": order} | ({"id": event_id} if event_id else {})
    content = {"shape": shape.pop("shape"), **named, **shape, **_fields(columns, taken)}
    return Proposal(content | _text_format(sample), (*questions, *_order_question(columns[order])))


def _order_column(columns: dict[str, Column], times: list[Column]) -> str | None:
    """Take the column whose name fits best and that most rows fill."""
    names = [
        column.name
        for column in columns.values()
        if column not in times and column.filled_count >= 0.5 * column.row_count and hints.is_like("order", column.name)
    ]
    return min(names, key=lambda name: hints.rank("order", name), default=None)


def _type_column(columns: dict[str, Column], taken: set[str]) -> str | None:
    """Take the column that reads as event types in most of its rows; of several, the one with the most types."""
    scores = {}
    for name, column in columns.items():
        if name in taken or column.time_formats or not 1 <= len(column.counts) <= MOST_TYPES:
            continue
        guessed = {value: hints.event_type_of(value) for value in column.counts}
        rows = sum(column.counts[value] for value, event_type in guessed.items() if event_type)
        types = len(set(guessed.values()) - {None})
        least = LEAST_GUESSED_NAMED if hints.is_like("type", name) else LEAST_GUESSED
        if rows >= least * max(column.filled_count, 1) and (types > 1 or hints.is_like("type", name)):
            scores[name] = (types, hints.is_like("type", name), -len(column.counts))
    return max(scores, key=scores.get, default=None)


def _event_id(columns: dict[str, Column], taken: set[str | None]) -> str | None:
    """Take the column whose name is that of an event's id; an export that repeats a row repeats it too."""
    found = (name for name, column in columns.items() if column.is_nearly_unique and hints.is_like("event_id", name))
    return next((name for name in found if name not in taken), None)


def _wide(columns: dict[str, Column], times: list[Column]) -> dict[str, str]:
    """Map the columns of times whose names are milestones to their event types, each type once."""
    events: dict[str, str] = {}
    for column in times:
        event_type = hints.event_type_of(column.name)
        if event_type and event_type not in events.values() and not hints.is_like("promised_at", column.name):
            events[column.name] = event_type
    return events


def _is_wide(events: dict[str, str], type_column: Column) -> bool:
    """Say whether milestones tell more of an order than a column of types does: a status beside many times."""
    return len(events) > 1 and len(events) >= len({hints.event_type_of(value) for value in type_column.counts} - {None})


def _wide_shape(events: dict[str, str], times: list[Column], columns: dict[str, Column]) -> dict:
    is_survey = RATING_FIELDS & {hints.field_of(name) for name in columns}
    if is_survey and len(events) <= 1:
        events = {(list(events) or [times[0].name])[0]: "survey"}
    if not events:
        named = ", ".join(column.name for column in times)
        raise FeedError(
            f"no mapping can be proposed: no column reads as types of events, nor as milestones ({named} hold times). "
            "Write one by hand, from one of the shipped ones"
        )
    return {"shape": "wide", "events": events, "time": {}}


def _long(columns: dict[str, Column], times: list[Column], type_column: str, questions: list[str]) -> dict:
    values = {value: hints.event_type_of(value) for value in columns[type_column].counts}
    unknown = Counter({v: columns[type_column].counts[v] for v, event_type in values.items() if event_type is None})
    if unknown:
        listed = ", ".join(f"{value} ({count:,})" for value, count in unknown.most_common(20))
        questions.append(f"what are these values of {type_column}? Map them or list them under type.ignore: {listed}")
    questions.append(f"does each value of {type_column} mean what is proposed? The words alone were looked at.")
    time = max(times, key=lambda column: (column.filled_count, hints.is_like("time", column.name)))
    mapped = {value: event_type for value, event_type in values.items() if event_type}
    return {
        "shape": "long",
        "type": {"column": type_column, "values": mapped, "on_unmapped": "refuse"},
        "time": {"column": time.name},
    }


def _time(used: list[Column], questions: list[str]) -> dict:
    """Say zone and format: the format that reads most of the columns."""
    counts = Counter(each for column in used for each in column.time_formats)
    time_format = max(counts, key=counts.get)
    for column in used:
        if time_format not in column.time_formats:
            questions.append(f"{column.name} is written as {column.time_formats[0] or 'ISO 8601'}: export it alike")
    day_first = time_format.replace(MONTH_FIRST, DAY_FIRST)
    if day_first != time_format and counts[day_first] == counts[time_format]:
        questions.append("day or month first? Both read every time; the month is assumed.")
    if not all(column.has_offset for column in used):
        questions.append("in which zone are its times? They bear no offset; UTC is assumed.")
    return {"zone": "UTC"} | ({"format": time_format} if time_format != ISO_8601 else {})


def _fields(columns: dict[str, Column], taken: set[str]) -> dict:
    found: dict[str, str] = {}
    for name, column in columns.items():
        field = hints.field_of(name)
        if field and name not in taken and field not in found and column.filled_count:
            found[field] = name
    return {"fields": found} if found else {}


def _text_format(sample: Sample) -> dict:
    written = sample.text_format
    delimiter = {"delimiter": written.delimiter} if written.delimiter != "," else {}
    return delimiter | ({"encoding": written.encoding} if written.encoding != UTF_8 else {})


def _order_question(order: Column) -> Iterator[str]:
    if hints.rank("order", order.name) == 2:
        yield f"whose order is a {order.name}? It names a shipment: join the file that knows (docs/importing.md)."
