"""Other spellings of codes: those that are understood, and those that no list has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from pbm360.domain.rules import codes, typed_fields


@cache
def coded_fields() -> tuple[str, ...]:
    """List the fields of `data` whose values are codes."""
    return tuple(item.field for item in typed_fields() if item.kind == "code")


def other_spellings(field: str, value: str) -> Iterator[str]:
    """Yield spellings of a code that mean it and are not it: other cases, a blank too many, aliases."""
    yield from (value.upper(), value.capitalize(), f" {value} ")
    yield from aliases(field).get(value, ())


def unknown_spellings(_field: str, value: str) -> Iterator[str]:
    """Yield codes of a newer release or another system, which no list has."""
    yield from (f"{value}_v2", f"x-{value}", f"{value[:2].upper()}99")


@cache
def aliases(field: str) -> dict[str, list[str]]:
    """Map each code of a field to its other accepted spellings."""
    found = defaultdict(list)
    for spelling, value in codes(field).items():
        if spelling != value:
            found[value].append(spelling)
    return dict(found)
