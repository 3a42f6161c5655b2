"""Say what a cell of a log holds, whatever kind of file it comes from."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from uuid import UUID


def has_value(value: object) -> bool:
    """Say whether a cell holds anything: not missing, not blank, not a number that is none."""
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def as_text(value: object) -> str:
    """Return a cell's value as text: 17.0 as 17, since a column of numbers with gaps turns whole ones into floats."""
    if isinstance(value, str):
        return value.strip()
    if not has_value(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    return json.dumps(value, default=str)
