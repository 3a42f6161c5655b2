"""Constant memory: what is not kept is made anew, and is the same."""

from itertools import islice

from pbm360.simulate import SimulationParameters, simulate, simulation
from pbm360.simulate.kept_days import KeptDays


def lives(days) -> list:
    return [[(order.order_id, [step.event_at for step in order.steps]) for order in day] for day in days]


def small(end) -> SimulationParameters:
    return SimulationParameters(orders=120, days=6, end=end)


def test_days_that_are_made_anew_are_the_same_for_every_reader(end):
    world = simulate(small(end))
    expected = lives(islice(world._kept.days(), 9))
    kept = KeptDays(world._make_population, most_orders=30)
    readers = [kept.days() for _ in range(3)]
    found = [lives(islice(reader, 4)) for reader in readers]  # they all go on from here, each for itself
    assert [found[number] + lives(islice(reader, 5)) for number, reader in enumerate(readers)] == [expected] * 3
    assert 30 <= sum(len(day) for day in kept._days) < 120


def test_a_simulation_that_keeps_little_tells_the_same(end, monkeypatch):
    whole = simulate(small(end))
    expected = list(whole.messages()), whole.truth_orders(), whole.truth_defects(), whole.entities()
    live = list(islice(whole.live_messages(60), 300))
    monkeypatch.setattr(simulation, "KEPT_ORDERS", 20)
    forgetful = simulate(small(end))
    found = list(forgetful.messages()), forgetful.truth_orders(), forgetful.truth_defects(), forgetful.entities()
    assert found == expected
    assert list(islice(forgetful.live_messages(60), 300)) == live
