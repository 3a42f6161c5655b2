"""Read and check a mapping: the YAML file that says which column of a log is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from pbm360.domain import rules
from pbm360.feeds.checking import check_keys, mapping_of, one_of, text
from pbm360.feeds.decoding import UTF_8, encoding_name
from pbm360.feeds.errors import MappingError
from pbm360.feeds.joins import Join, parse_joins
from pbm360.feeds.reader import PLAIN, TextFormat
from pbm360.feeds.times import ISO_8601

SHIPPED = Path(__file__).parent / "mappings"
LONG, WIDE = "long", "wide"
REFUSE, IGNORE = "refuse", "ignore"
EVENT_TIME, IMPORT_TIME = "event_time", "import_time"
PATIENT_ID = "patient_id"  # a field of `data` beside the typed ones; it becomes a pseudonym on its way
EXTRAS = ("fields", "delimiter", "encoding", "join")
KEYS = {
    LONG: ({"shape", "order", "type", "time"}, {"id", "source", "observed_at", *EXTRAS}),
    WIDE: ({"shape", "order", "events", "time"}, {"id", "source", "observed_at", *EXTRAS}),
}


@dataclass(frozen=True)
class NamedBy:
    """A column that names an order or an event; the prefix keeps its values apart from those of other logs."""

    column: str
    prefix: str = ""


@dataclass(frozen=True)
class DataField:
    """A field of `data`: the value of a column, by a value map where there is one, or a constant."""

    name: str
    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    constant: str = ""


@dataclass(frozen=True)
class FeedMapping:
    """How a log becomes events. `types` maps a value (long) or a timestamp column (wide) to an event type."""

    shape: str
    order: NamedBy
    types: Mapping[str, str]
    zone: ZoneInfo
    type_column: str = ""
    time_column: str = ""
    time_format: str = ISO_8601
    event_id: NamedBy | None = None
    source: str = ""  # empty: the source that sends the event's type
    source_column: str = ""
    observed_at: str = EVENT_TIME
    observed_at_column: str = ""
    on_unmapped: str = REFUSE
    ignored_types: frozenset[str] = frozenset()
    has_own_types: bool = False  # no value map: the log already speaks of our types, in any of their spellings
    fields: tuple[DataField, ...] = ()
    text_format: TextFormat = PLAIN
    joins: tuple[Join, ...] = ()

    def event_type(self, value: str) -> str | None:
        """Return the event type of a value of a long log's type column, None where it is not mapped."""
        return self.types.get(value.lower() if self.has_own_types else value)

    @property
    def columns(self) -> tuple[str, ...]:
        """List the columns that the log itself must have: those that its rows are joined by among them."""
        named = [self.order.column, self.type_column, self.time_column, self.source_column, self.observed_at_column]
        named += [self.event_id.column] if self.event_id else []
        named += self.types if self.shape == WIDE else []
        named += [each.column for each in self.fields]
        for join in reversed(self.joins):  # what a join brings, a later one may be joined by
            named = [name for name in named if name not in join.columns] + [join.log_column]
        return tuple(dict.fromkeys(name for name in named if name))


def load_mapping(path: Path) -> FeedMapping:
    """Read a mapping file; a bare name finds a mapping that is shipped, e.g. `hospital_billing`.

    Raises `MappingError`.
    """
    shipped = SHIPPED / f"{path.name.removesuffix('.yaml')}.yaml"
    found = shipped if not path.exists() and path.parent == Path() else path
    try:
        # every scalar is text: YAML would read a code NO as false, 0123 as 83 and the key `on` as true
        content = yaml.load(found.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except FileNotFoundError:
        names = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.yaml")))
        raise MappingError(f"no mapping file {path}; shipped mappings are {names}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"mapping {path} is no YAML in UTF-8: {error}") from error
    try:
        return parse_mapping(content)
    except MappingError as error:
        raise MappingError(f"mapping {path}: {error}") from error


def parse_mapping(content: object) -> FeedMapping:
    """Check what a mapping file holds and return it. Raises `MappingError`."""
    content = mapping_of(content, "the file")
    shape = one_of(content.get("shape"), "shape", (LONG, WIDE))
    check_keys(content, "", *KEYS[shape])
    types = _long_types(content["type"]) if shape == LONG else {"types": _event_types(content["events"], "events")}
    event_id = _named_by(content["id"], "id") if "id" in content else None
    if shape == WIDE and event_id and len(set(types["types"].values())) < len(types["types"]):
        raise MappingError("two columns of events have one type, so id can't tell their events apart; leave id out")
    return FeedMapping(
        shape=shape,
        order=_named_by(content["order"], "order"),
        event_id=event_id,
        fields=_fields(content.get("fields", {})),
        text_format=TextFormat(
            _delimiter(content.get("delimiter", ",")), encoding_name(content.get("encoding", UTF_8))
        ),
        joins=parse_joins(content.get("join", [])),
        **types,
        **_time(content["time"], shape),
        **_source(content.get("source", "")),
        **_observed_at(content.get("observed_at", EVENT_TIME)),
    )


def _long_types(content: object) -> dict:
    content = mapping_of(content, "type")
    check_keys(content, "type.", {"column"}, {"values", "on_unmapped", "ignore"})
    ignored = content.get("ignore", [])
    if not isinstance(ignored, list):
        raise MappingError(f"type.ignore must be a list of values; got {ignored!r}")
    return {
        "type_column": text(content["column"], "type.column"),
        "types": _event_types(content["values"], "type.values") if "values" in content else rules.codes("type"),
        "has_own_types": "values" not in content,
        "on_unmapped": one_of(content.get("on_unmapped", REFUSE), "type.on_unmapped", (REFUSE, IGNORE)),
        "ignored_types": frozenset(str(value) for value in ignored),
    }


def _event_types(content: object, key: str) -> dict[str, str]:
    types = {str(value): event_type for value, event_type in mapping_of(content, key).items()}
    if not types:
        raise MappingError(f"{key} must map at least one value to an event type; it is empty")
    for value, event_type in types.items():
        if event_type not in rules.event_types():
            known = ", ".join(rules.event_types())
            raise MappingError(f"{key}.{value} must be an event type ({known}); got {event_type!r}")
    return types


def _time(content: object, shape: str) -> dict:
    content = mapping_of(content, "time")
    check_keys(content, "time.", {"zone"} | ({"column"} if shape == LONG else set()), {"format"})
    zone = text(content["zone"], "time.zone")
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingError(f"time.zone must be a time zone, e.g. Europe/Amsterdam or UTC; got {zone!r}") from None
    column = {"time_column": text(content["column"], "time.column")} if shape == LONG else {}
    return column | {"zone": found, "time_format": str(content.get("format", ISO_8601))}


def _source(content: object) -> dict:
    if isinstance(content, dict):
        return {"source_column": _column_alone(content, "source")}
    if content and content not in rules.codes("source"):
        known = ", ".join(sorted(set(rules.codes("source").values())))
        raise MappingError(f"source must be one of {known}, or a column; got {content!r}")
    return {"source": content}


def _observed_at(content: object) -> dict:
    if isinstance(content, dict):
        return {"observed_at_column": _column_alone(content, "observed_at")}
    return {"observed_at": one_of(content, "observed_at", (EVENT_TIME, IMPORT_TIME, "a column"))}


def _fields(content: object) -> tuple[DataField, ...]:
    known = [each.field for each in rules.typed_fields()] + [PATIENT_ID]
    found = []
    for name, value in mapping_of(content, "fields").items():
        key = f"fields.{name}"
        if name not in known:
            raise MappingError(f"{key} is no field of an event's data; known are {', '.join(known)}")
        value = {"column": value} if isinstance(value, str) else mapping_of(value, key)
        if set(value) == {"constant"}:
            found.append(DataField(name, constant=str(value["constant"])))
            continue
        check_keys(value, f"{key}.", {"column"}, {"values"})
        values = {str(old): str(new) for old, new in mapping_of(value.get("values", {}), f"{key}.values").items()}
        found.append(DataField(name, text(value["column"], f"{key}.column"), values))
    return tuple(found)


def _named_by(content: object, key: str) -> NamedBy:
    if isinstance(content, str):
        return NamedBy(text(content, key))
    content = mapping_of(content, key)
    check_keys(content, f"{key}.", {"column"}, {"prefix"})
    return NamedBy(text(content["column"], f"{key}.column"), str(content.get("prefix", "")))


def _column_alone(content: dict, key: str) -> str:
    check_keys(content, f"{key}.", {"column"}, set())
    return text(content["column"], f"{key}.column")


def _delimiter(content: object) -> str:
    if not isinstance(content, str) or len(content) != 1:
        raise MappingError(f'delimiter must be one character, e.g. ";" or "\\t"; got {content!r}')
    return content
