"""Read RFC 3339 timestamps into microseconds since 1970 (UTC): the form in which the stream carries every instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND
FIRST_MICROSECOND = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z: the warehouse holds no instant before it
LAST_MICROSECOND = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z: nor one after it
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)
is_timestamp = TIMESTAMP.fullmatch


def parse_microseconds(text: str) -> int | None:
    """Return the instant in microseconds since 1970, UTC; digits past microseconds are cut.

    `None` for a text that is no RFC 3339 timestamp with an offset, no real date, or an instant that, in
    UTC, lies outside the years 1 to 9999: the caller decides what that means.
    """
    if is_timestamp(text) is None:
        return None
    try:
        since = datetime.fromisoformat(text.upper()) - EPOCH
    except (ValueError, OverflowError):
        return None
    instant = since.days * MICROSECONDS_PER_DAY + since.seconds * MICROSECONDS_PER_SECOND + since.microseconds
    return instant if FIRST_MICROSECOND <= instant <= LAST_MICROSECOND else None
