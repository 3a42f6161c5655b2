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
        self._orders: dict[str, tuple] = {}  # what the rows that stand say, by order id
        self._knowable: dict[str, tuple] = {}
        self._defect_keys: set[tuple] = set()

    def replace(self, known_until: datetime.datetime | None = None) -> None:
        """Write every row of the simulation anew, as known at an instant (default: its `end`)."""
        self._warehouse.run("build/forget_simulation.sql", {"simulation_id": self._simulation.simulation_id})
        self._orders, self._knowable, self._defect_keys = {}, {}, set()
        self._warehouse.load_rows("truth.scenarios", self._simulation.truth_scenarios())
        self._write(known_until)

    def update(self, known_until: datetime.datetime) -> None:
        """Write the rows that differ from those that stand. An order's row is away for the blink of the exchange."""
        self._write(known_until)

    def _write(self, known_until: datetime.datetime | None) -> None:
        simulation = self._simulation
        orders = {row["order_id"]: row for row in simulation.truth_orders(known_until, self._rate)}
        knowable = {row["order_id"]: row for row in simulation.knowable_orders(known_until, self._rate)}
        defects = {key(row): row for row in simulation.truth_defects(known_until, self._rate)}
        stale = {
            "order_ids": ("STRING", outdated(self._orders, orders)),
            "knowable_order_ids": ("STRING", outdated(self._knowable, knowable)),
        }
        if any(ids for _, ids in stale.values()):
            self._warehouse.run("build/forget_orders.sql", {"simulation_id": simulation.simulation_id} | stale)
        self._load("truth.orders", self._orders, orders)
        self._load("truth.knowable_orders", self._knowable, knowable)
        self._warehouse.load_rows("truth.defects", [defects[name] for name in defects.keys() - self._defect_keys])
        self._defect_keys |= defects.keys()

    def _load(self, table: str, standing: dict[str, tuple], rows: dict[str, dict]) -> None:
        """Load the rows that say something new, and remember what they say."""
        told = {order_id: contents(row) for order_id, row in rows.items()}
        self._warehouse.load_rows(table, [rows[name] for name in rows if standing.get(name) != told[name]])
        standing.clear()
        standing.update(told)


def outdated(standing: dict[str, tuple], rows: dict[str, dict]) -> list[str]:
    """Return the orders whose standing row says something else than the new one, or has no new one."""
    return [name for name, told in standing.items() if name not in rows or told != contents(rows[name])]


def contents(row: dict) -> tuple:
    """Return what a row says, but for the instant of which it says it."""
    return tuple(value for name, value in row.items() if name != "known_until")


def key(defect_row: dict) -> tuple:
    """Return what names a row of the defects: an event suffers each defect once at most."""
    return defect_row["source"], defect_row["event_id"], defect_row["defect"]
