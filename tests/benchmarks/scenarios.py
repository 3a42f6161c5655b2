"""Hold the simulator against its promise: each scenario's bottleneck is where it was put, in at least 9 of 10 seeds."""

from __future__ import annotations

import datetime
import sys

from pbm360.process import bottlenecks, count_flow
from pbm360.simulate import NO_DEFECTS, SimulationParameters, simulate
from pbm360.simulate.scenarios import scenario_kinds
from pbm360.simulate.true_visits import true_visits

EVENING = datetime.datetime(2026, 11, 19, 23, 0, tzinfo=datetime.UTC)  # a Thursday, when New York closes
ORDERS, DAYS, SEEDS, LEAST_RIGHT = 2000, 10, 10, 9


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows; fails where a scenario's bottleneck is elsewhere in two of ten seeds."""
    rows = []
    for name, kind in scenario_kinds().items():
        found = [worst_stage(name, seed) for seed in range(1, SEEDS + 1)]
        right = found.count(kind.disturbed_stage)
        assert right >= LEAST_RIGHT, f"{name} should disturb {kind.disturbed_stage}; the worst stages were {found}"
        rows.append((f"{name}: the bottleneck is {kind.disturbed_stage}", f"{right} of {SEEDS} seeds"))
    return rows


def worst_stage(name: str, seed: int) -> str:
    """Return the stage with the highest bottleneck score at the end of a scenario in a world of one seed."""
    simulation = simulate(SimulationParameters(ORDERS, DAYS, EVENING, seed, NO_DEFECTS, scenarios=(name,)))
    visits = true_visits(simulation.orders_born(), simulation.end)
    return bottlenecks(count_flow(visits, EVENING), visits)["stage"].iloc[0]


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<62} {figure}")
    sys.exit(0)
