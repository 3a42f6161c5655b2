"""Read RFC 3339 timestamps into microseconds since 1970 (UTC): the form in which the stream carries every instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND
FIRST_MICROSECOND = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z: the warehouse holds no instant before it
LAST_MICROSECOND = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z: nor one after it
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)
UNITS = {24: 1000, 27: 1}  # characters of a UTC timestamp with milliseconds or microseconds, and its last digit's worth
is_timestamp = TIMESTAMP.fullmatch


def parse_microseconds(text: str) -> int | None:
    """Return the instant in microseconds since 1970, UTC; digits past microseconds are cut.

    `None` for a text that is no RFC 3339 timestamp with an offset, no real date, or an instant that, in
    UTC, lies outside the years 1 to 9999: the caller decides what that means.
    """
    unit = UNITS.get(len(text))
    if unit and text[19] == "." and text[-1] == "Z":  # as our own sources write it: the minute is known already
        digits = text[17:19] + text[20:-1]
        minute = _minute_start(text[:17])
        if minute is not None and digits.isdigit() and digits.isascii() and digits[0] < "6":
            return minute + int(digits) * unit
    return _parse_any(text)


@lru_cache(maxsize=8192)  # neighbouring events share a minute; five days of them fit
def _minute_start(text: str) -> int | None:
    """Return the instant of `YYYY-MM-DDTHH:MM:` in UTC, `None` where that is no minute."""
    return _parse_any(f"{text}00Z")


def _parse_any(text: str) -> int | None:
    if is_timestamp(text) is None:
        return None
    try:
        since = datetime.fromisoformat(text.upper()) - EPOCH
    except (ValueError, OverflowError):
        return None
    instant = since.days * MICROSECONDS_PER_DAY + since.seconds * MICROSECONDS_PER_SECOND + since.microseconds
    return instant if FIRST_MICROSECOND <= instant <= LAST_MICROSECOND else None
