"""Do several things at once that ask the warehouse and don't need each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pbm360.warehouse import Warehouse

Found = TypeVar("Found")


def together(warehouse: Warehouse, works: Sequence[Callable[[Warehouse], Found]]) -> list[Found]:
    """Return what each work returns, in their order; each has a warehouse, and so clients, of its own.

    Where one fails its error is raised once all have ended.
    """
    if not works:
        return []
    with ThreadPoolExecutor(len(works)) as threads:
        jobs = [threads.submit(work, Warehouse(warehouse.settings)) for work in works]
    return [job.result() for job in jobs]
