"""An order id that comes a second time: a system that forgot its counter sends an order under an earlier one's id."""

from __future__ import annotations

import heapq
from random import Random

from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.world import Order, source_of

POOL_SIZE = 50  # finished orders that are remembered; the newest replace the oldest
NAMELESS_SOURCES = ("wms", "carrier", "iot")  # their events name no patient: time alone tells whose they are
NAMELESS_TYPES = frozenset(name for name, source in source_of().items() if source in NAMELESS_SOURCES)


class ReusedIds:
    """Chooses whose id an order is sent under: an earlier order of another patient, finished a day before.

    An id is reused once. The earlier order's referral must be known by then, else nobody could tell the two apart.
    """

    def __init__(self, rate: float, random: Random):
        self._rate, self._random = rate, random
        self._unfinished: list[tuple[int, str, str]] = []
        self._pool: list[tuple[str, str]] = []

    def draw(self, order: Order) -> str | None:
        """Return the id that the order is sent under instead of its own; None: its own."""
        if not self._rate or order.is_reship:
            return None
        while self._unfinished and self._unfinished[0][0] + DAY <= order.created_at:
            _, order_id, patient_id = heapq.heappop(self._unfinished)
            self._pool.append((order_id, patient_id))
            del self._pool[:-POOL_SIZE]
        if not self._pool or self._random.random() >= self._rate:
            return None
        order_id, patient_id = self._pool[int(len(self._pool) * self._random.random())]
        if patient_id == order.patient_id:
            return None
        self._pool.remove((order_id, patient_id))
        return order_id

    def remember(self, order: Order) -> None:
        """Take the order among those whose id may come again, once it is finished."""
        beginning = order.steps[0]
        if not self._rate or order.reported_as or is_hidden(beginning):
            return
        ends = [item.observed_at for item in order.deliveries if item.step.event_type in NAMELESS_TYPES]
        ends.append(beginning.known_at)
        heapq.heappush(self._unfinished, (max(ends), order.order_id, order.patient_id))


def is_hidden(step) -> bool:
    """Tell whether no accepted message tells of a step under its order's id."""
    form = step.sent
    return step.is_withheld or (form is not None and (form.is_refused or form.order_id is not None))
