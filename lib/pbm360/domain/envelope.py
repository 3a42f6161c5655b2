"""Build and encode the event that every source sends: a CloudEvents 1.0 envelope in JSON.

Times are written in UTC with `Z`: three decimals where they are whole milliseconds, else six.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache

import orjson

from pbm360.domain.rules import DEFAULT_SCHEMA

SPEC_VERSION = "1.0"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)
MINUTES_OF_DAY = 24 * 60
# The parts of a time stamp: they are put together for every event of a simulation, twice or three times.
MINUTES = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(MINUTES_OF_DAY)]
SECONDS = [f"{second:02d}." for second in range(60)]
MILLISECONDS = [f"{number:03d}" for number in range(1000)]
ENDS = ["Z", *(f"{number:03d}Z" for number in range(1, 1000))]  # microseconds, where there are any


def build_event(
    event_id: str, source: str, event_type: str, event_time: str, order_id: str, data: Mapping[str, object]
) -> dict[str, object]:
    """Return one event as a mapping; `event_time` is text, see `format_time`, so that a feed may keep its own."""
    return {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": source,
        "type": event_type,
        "time": event_time,
        "subject": order_id,
        "dataschema": DEFAULT_SCHEMA,
        "data": data,
    }


def encode(event: Mapping[str, object]) -> bytes:
    """Return an event as the UTF-8 bytes of a message; keys keep their order, so equal events give equal bytes."""
    return orjson.dumps(event)


def to_microseconds(instant: datetime.datetime) -> int:
    """Return the microseconds since 1970-01-01 UTC of an instant.

    Raises `ValueError` for a naive time, which names no instant.
    """
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a time zone; got the naive time {instant.isoformat()}; add one, e.g. UTC")
    return (instant - EPOCH) // MICROSECOND


def to_instant(microseconds: int) -> datetime.datetime:
    """Return the instant, in UTC, of microseconds since 1970-01-01 UTC."""
    return EPOCH + datetime.timedelta(microseconds=microseconds)


def format_time(instant: datetime.datetime) -> str:
    """Write an instant as RFC 3339 in UTC: `2026-11-20T14:03:11.250Z`. Raises `ValueError` for a naive time."""
    return format_microseconds(to_microseconds(instant))


def format_microseconds(microseconds: int) -> str:
    """Write microseconds since 1970-01-01 UTC as RFC 3339: `2026-11-20T14:03:11.250Z`."""
    second, fraction = divmod(microseconds, 1_000_000)
    minute, second = divmod(second, 60)
    return f"{_minute_text(minute)}{SECONDS[second]}{MILLISECONDS[fraction // 1000]}{ENDS[fraction % 1000]}"


@lru_cache(maxsize=20_160)  # two weeks of minutes
def _minute_text(minute: int) -> str:
    day, minute_of_day = divmod(minute, MINUTES_OF_DAY)
    return _date_text(day) + MINUTES[minute_of_day]


@lru_cache(maxsize=1024)
def _date_text(day: int) -> str:
    return (EPOCH + datetime.timedelta(days=day)).date().isoformat()
