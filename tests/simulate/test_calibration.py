"""Each sourced figure of the domain page, measured in the simulated world."""

import math

from pbm360.simulate.calibration import MEASURES, compare_with_sources, mean, median, share, sourced_figures


def test_the_simulated_world_agrees_with_every_source(simulation):
    table = compare_with_sources(simulation.orders_born(), simulation.places)
    assert list(table["figure"]) == [row["figure"] for row in sourced_figures()] == list(MEASURES)
    apart = table[~table["is_close"]]
    assert apart.empty, apart.to_string()
    assert (table["order_count"] > 40).all()


def test_a_world_that_differs_is_told_apart(simulation):
    refused = [
        order for order in simulation.orders_born() if any(step.event_type == "pa_denied" for step in order.steps)
    ]
    table = compare_with_sources(refused, simulation.places).set_index("figure")
    assert not table.loc["pa_first_pass", "is_close"]
    assert table.loc["pa_first_pass", "simulated"] == 0


def test_samples_carry_their_uncertainty():
    rate, error, count = share([True] * 75 + [False] * 25)
    assert (rate, count) == (0.75, 100)
    assert math.isclose(error, math.sqrt((76 / 102) * (26 / 102) / 102))
    assert mean([1.0, 2.0, 3.0])[0] == 2.0
    assert median([1.0, 2.0, 9.0])[0] == 2.0
    assert math.isnan(share([])[0])
