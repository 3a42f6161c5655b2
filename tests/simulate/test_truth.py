"""The ground truth in the real warehouse: written whole, then kept up to date."""

import datetime

from pbm360.simulate import SimulationParameters, simulate
from pbm360.simulate.truth import TruthWriter

RATE = 60.0


def rows_of(warehouse, table: str, simulation, *, without: str = "") -> list[dict]:
    """Read a simulation's rows of a table of the truth, sorted by its key."""
    rows = warehouse.read_table(table, row_filter=f"simulation_id = '{simulation.simulation_id}'").to_pylist()
    return ordered(rows, without=without)


def ordered(rows: list[dict], *, without: str = "") -> list[dict]:
    kept = [{name: value for name, value in row.items() if name != without} for row in rows]
    return sorted(kept, key=lambda row: (row["order_id"], row.get("event_id", ""), row.get("defect", "")))


def test_truth_is_written_and_written_anew_without_a_second_copy(warehouse, end):
    simulation = simulate(SimulationParameters(orders=150, days=4, end=end))
    for _ in range(2):
        TruthWriter(warehouse, simulation).replace()
        assert rows_of(warehouse, "truth.orders", simulation) == ordered(simulation.truth_orders())
        assert rows_of(warehouse, "truth.defects", simulation) == ordered(simulation.truth_defects())


def test_an_update_brings_the_rows_to_what_is_known_by_then(warehouse, end):
    simulation = simulate(SimulationParameters(orders=150, days=4, end=end, seed=5))
    writer = TruthWriter(warehouse, simulation, RATE)
    writer.replace()
    for minutes in (20, 60):
        known_until = end + datetime.timedelta(minutes=minutes)
        writer.update(known_until)
        orders = simulation.truth_orders(known_until, RATE)
        # A row that did not change keeps the instant at which it was written.
        assert rows_of(warehouse, "truth.orders", simulation, without="known_until") == ordered(
            orders, without="known_until"
        )
        assert rows_of(warehouse, "truth.defects", simulation) == ordered(simulation.truth_defects(known_until, RATE))
    assert len(orders) > len(simulation.truth_orders())


def test_simulations_stand_side_by_side(warehouse, end):
    simulations = [simulate(SimulationParameters(orders=40, days=2, end=end, seed=seed)) for seed in (1, 2)]
    for simulation in simulations:
        TruthWriter(warehouse, simulation).replace()
    for simulation in simulations:
        assert rows_of(warehouse, "truth.orders", simulation) == ordered(simulation.truth_orders())


def test_scenarios_are_kept_with_the_stage_that_they_disturb(warehouse, end):
    simulation = simulate(SimulationParameters(orders=40, days=3, end=end, scenarios=("storm@1", "recall@2")))
    TruthWriter(warehouse, simulation).replace()
    TruthWriter(warehouse, simulation).replace()
    row_filter = f"simulation_id = '{simulation.simulation_id}'"
    rows = warehouse.read_table("truth.scenarios", row_filter=row_filter).to_pylist()
    assert sorted((row["scenario"], row["place"], row["disturbed_stage"]) for row in rows) == [
        *[("recall", f"PH0{number}", "FILL") for number in range(1, 7)],
        ("storm", "PH01", "EXCEPTION"),
        ("storm", "PH02", "EXCEPTION"),
    ]
    assert all(row["begins_at"] < row["ends_at"] for row in rows)
