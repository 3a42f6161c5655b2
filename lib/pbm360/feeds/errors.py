"""What can be wrong with a log or its mapping before anything is published."""

from __future__ import annotations


class FeedError(ValueError):
    """A log can't be imported; nothing was published. The text names the place and how to mend it."""


class MappingError(FeedError):
    """A mapping file says something that can't be; the text names the key, the value and what was expected."""


class UnmappedTypesError(FeedError):
    """A log holds types that its mapping does not know; the text lists them with their counts."""
