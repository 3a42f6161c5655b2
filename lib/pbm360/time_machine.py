"""Hold the time machine against pictures that were taken: what it shows of an instant, what was shown then, and why."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pbm360.warehouse import Warehouse


@dataclass(frozen=True)
class Comparison:
    """A picture of the served orders against the time machine at the picture's instant.

    `differing_orders` have other rows, or a row on one side alone. `late_events` are those stamped as known by the
    instant and visible only after it (order_id, source, event_id, known_at, ingested_at); `unexplained_orders` differ
    and have none of them: there must be none.
    """

    differing_orders: tuple[str, ...]
    late_events: tuple[dict, ...]
    unexplained_orders: tuple[str, ...]


def compare(
    warehouse: Warehouse, picture: Iterable[Mapping], as_of: datetime.datetime, visible_at: datetime.datetime
) -> Comparison:
    """Compare rows of `pbm_serving.order_lifecycle` that were read at `as_of` (UTC) with the time machine's of `as_of`.

    What was ingested until `visible_at` (UTC, at most `as_of`) had been committed when the picture was read.
    """
    shown = {row["order_id"]: dict(row) for row in picture}
    machine = {row["order_id"]: row for row in warehouse.run("time_machine/orders.sql", {"as_of": as_of}).to_pylist()}
    copies = warehouse.run("time_machine/visible_later.sql", {"as_of": as_of, "visible_at": visible_at}).to_pylist()
    differing = sorted(order for order in shown.keys() | machine.keys() if shown.get(order) != machine.get(order))
    explained = {event["order_id"] for event in copies}
    reported = {order: row["reported_order_id"] for order, row in (shown | machine).items()}
    unexplained = tuple(order for order in differing if reported[order] not in explained)
    late = tuple({k: v for k, v in event.items() if k != "is_late"} for event in copies if event["is_late"])
    return Comparison(tuple(differing), late, unexplained)
