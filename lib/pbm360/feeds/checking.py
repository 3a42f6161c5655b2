"""Check the parts of a mapping file one by one; an error names the key, the value and what was expected."""

from __future__ import annotations

from collections.abc import Iterable

from pbm360.feeds.errors import MappingError


def mapping_of(content: object, key: str) -> dict:
    """Return a part that must hold keys and values."""
    if not isinstance(content, dict):
        raise MappingError(f"{key} must be a mapping (key: value); got {type(content).__name__} {content!r}")
    return content


def text(content: object, key: str) -> str:
    """Return a part that must be a name, as text."""
    if not isinstance(content, str) or not content:
        raise MappingError(f"{key} must be the name of a column or a zone, as text; got {content!r}")
    return content


def one_of(content: object, key: str, choices: Iterable[str]) -> str:
    """Return a part that must be one of the choices."""
    if content not in choices:
        raise MappingError(f"{key} must be one of {', '.join(choices)}; got {content!r}")
    return content


def check_keys(content: dict, prefix: str, required: set[str], optional: set[str]) -> None:
    """Refuse a part that lacks a required key or has an unknown one."""
    missing, unknown = sorted(required - set(content)), sorted(str(key) for key in set(content) - required - optional)
    if missing:
        raise MappingError(f"{prefix}{missing[0]} is missing; expected are {_listed(prefix, required)}")
    if unknown:
        raise MappingError(f"unknown key {prefix}{unknown[0]}; known are {_listed(prefix, required | optional)}")


def _listed(prefix: str, keys: set[str]) -> str:
    return ", ".join(f"{prefix}{key}" for key in sorted(keys))
