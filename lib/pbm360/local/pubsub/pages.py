"""Cut a list of names into pages, as the service's List methods answer them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from pbm360.local.pubsub.limits import DEFAULT_PAGE_SIZE
from pbm360.local.pubsub.refusal import invalid


def page(names: Iterable[str], page_size: int, page_token: str) -> tuple[list[str], str]:
    """Return one page of the sorted names and the token of the next (the last name seen), empty at the end."""
    if page_size < 0:
        raise invalid(f"page_size must be 0 (the default) or more; got {page_size}")
    ordered = sorted(names)
    start = bisect_right(ordered, page_token)
    found = ordered[start : start + (page_size or DEFAULT_PAGE_SIZE)]
    is_last = start + len(found) >= len(ordered)
    return found, "" if is_last else found[-1]
