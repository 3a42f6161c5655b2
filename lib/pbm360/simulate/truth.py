"""Keep the ground truth of a simulation in the warehouse: the tables of `sql/truth`."""

from __future__ import annotations

import datetime

from pbm360.simulate.clock import LIVE_RATE
from pbm360.simulate.simulation import Simulation
from pbm360.warehouse import Warehouse


class TruthWriter:
    """Writes a simulation's truth, at first whole and then what has changed. One instance serves one thread."""

    def __init__(self, warehouse: Warehouse, simulation: Simulation, rate: float = LIVE_RATE):
        self._warehouse = warehouse
        self._simulation = simulation
        self._rate = rate
        self._event_counts: dict[str, int] = {}  # of the rows that stand
        self._defect_keys: set[tuple] = set()

    def replace(self, known_until: datetime.datetime | None = None) -> None:
        """Write every row of the simulation anew, as known at an instant (default: its `end`)."""
        self._warehouse.run("build/forget_simulation.sql", {"simulation_id": self._simulation.simulation_id})
        self._event_counts, self._defect_keys = {}, set()
        self._warehouse.load_rows("truth.scenarios", self._simulation.truth_scenarios())
        self._write(known_until, has_rows=False)

    def update(self, known_until: datetime.datetime) -> None:
        """Write the rows that differ from those that stand. An order's row is away for the blink of the exchange."""
        self._write(known_until, has_rows=True)

    def _write(self, known_until: datetime.datetime | None, *, has_rows: bool) -> None:
        orders = [row for row in self._simulation.truth_orders(known_until, self._rate) if self._has_changed(row)]
        defects = [
            row for row in self._simulation.truth_defects(known_until, self._rate) if key(row) not in self._defect_keys
        ]
        changed = [row["order_id"] for row in orders if row["order_id"] in self._event_counts]
        if has_rows and changed:
            parameters = {"simulation_id": self._simulation.simulation_id, "order_ids": changed}
            self._warehouse.run("build/forget_orders.sql", parameters)
        self._warehouse.load_rows("truth.orders", orders)
        self._warehouse.load_rows("truth.defects", defects)
        self._event_counts |= {row["order_id"]: row["event_count"] for row in orders}
        self._defect_keys |= {key(row) for row in defects}

    def _has_changed(self, row: dict) -> bool:
        return self._event_counts.get(row["order_id"]) != row["event_count"]


def key(defect_row: dict) -> tuple:
    """Return what names a row of the defects: an event suffers one at most."""
    return defect_row["source"], defect_row["event_id"]
