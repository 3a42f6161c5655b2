"""Named scenarios: what can be asked for, when it happens, and that the bottleneck is where it was put."""

import datetime

import pytest

from pbm360.domain.envelope import to_microseconds
from pbm360.domain.rules import stages
from pbm360.process import bottlenecks, count_flow
from pbm360.simulate import NO_DEFECTS, SimulationParameters, simulate
from pbm360.simulate.scenarios import parse_scenario, scenario_kinds
from pbm360.simulate.true_visits import true_visits
from pbm360.simulate.world import stage_of

EVENING = datetime.datetime(2026, 11, 19, 23, 0, tzinfo=datetime.UTC)  # a Thursday, when New York closes
START, END = (to_microseconds(EVENING - datetime.timedelta(days=days)) for days in (14, 0))
BLOCKING = ("broken_scanner_line", "broken_packing_line", "payer_outage", "carrier_strike", "storm", "recall")


def disturbed(name: str, seed: int) -> str:
    """Return the stage with the highest bottleneck score at the end of a scenario."""
    parameters = SimulationParameters(2000, 10, EVENING, seed, NO_DEFECTS, scenarios=(name,))
    simulation = simulate(parameters)
    visits = true_visits(simulation.orders_born(), simulation.end)
    return bottlenecks(count_flow(visits, EVENING), visits)["stage"].iloc[0]


@pytest.mark.parametrize("name", BLOCKING)
def test_the_bottleneck_is_where_the_scenario_was_put(name):
    assert [disturbed(name, seed) for seed in (1, 2)] == [scenario_kinds()[name].disturbed_stage] * 2


def test_every_scenario_says_what_it_disturbs():
    for kind in scenario_kinds().values():
        assert kind.disturbed_stage in stages()
        assert kind.days >= 1
        assert kind.effect in ("station", "arrivals", "payer", "carrier", "area", "drug")
        assert kind.title


@pytest.mark.parametrize(
    ("text", "first_date"),
    [
        ("recall@2026-11-10", datetime.date(2026, 11, 10)),
        ("recall@1", datetime.date(2026, 11, 5)),
        ("recall@3", datetime.date(2026, 11, 7)),
        ("storm", datetime.date(2026, 11, 18)),  # two days, and the second one is today
        ("broken_scanner_line", datetime.date(2026, 11, 19)),
    ],
)
def test_a_scenario_begins_on_its_day(text, first_date):
    assert parse_scenario(text, START, END).first_date == first_date


def test_without_a_day_it_ends_on_a_working_day():
    sunday = END + 3 * 86_400_000_000
    assert parse_scenario("broken_scanner_line", START, sunday).first_date == datetime.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("flood", "scenario must be one of broken_scanner_line, .*recall, with @DAY or without; got 'flood'"),
        ("storm@soon", "the day of a scenario must be a date such as 2026-11-18, .*got 'storm@soon'"),
        ("storm@0", "the day of a scenario must be"),
    ],
)
def test_a_wrong_scenario_is_refused_with_what_is_possible(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        SimulationParameters(100, 14, EVENING, scenarios=(text,))


def test_a_scenario_makes_another_world_the_same_every_time():
    worlds = [
        simulate(SimulationParameters(200, 5, EVENING, scenarios=scenarios))
        for scenarios in (("carrier_strike",), ("carrier_strike",), ())
    ]
    payloads = [[message.payload for message in world.messages()] for world in worlds]
    assert payloads[0] == payloads[1]
    assert payloads[0] != payloads[2]
    assert worlds[0].truth_orders() == worlds[1].truth_orders()


def test_what_happened_before_a_scenario_is_as_it_is_without_it():
    """Two worlds of one seed are alike until one is disturbed, and orders that it does not meet are alike after it."""
    quiet, stormy = (
        simulate(SimulationParameters(300, 10, EVENING, defects=NO_DEFECTS, scenarios=scenarios))
        for scenarios in ((), ("broken_packing_line@8",))
    )
    begins = min(row["begins_at"] for row in stormy.truth_scenarios())
    lives = [
        [[(step.event_type, step.event_at) for step in order.steps if stage_of()[step.event_type]] for order in orders]
        for orders in (quiet.orders_born(begins), stormy.orders_born(begins))
    ]
    undisturbed = [one == two for one, two in zip(*lives, strict=True)]
    assert 0.5 < sum(undisturbed) / len(undisturbed) < 1.0
    until = to_microseconds(begins)
    for one, two in zip(*lives, strict=True):
        assert [step for step in one if step[1] < until] == [step for step in two if step[1] < until]


def test_nothing_is_packed_anywhere_while_the_packing_lines_stand_still():
    world = simulate(SimulationParameters(600, 7, EVENING, defects=NO_DEFECTS, scenarios=("broken_packing_line",)))
    spans = {row["place"]: (row["begins_at"], row["ends_at"]) for row in world.truth_scenarios()}
    assert len(spans) == 6
    packed = [
        (spans[order.pharmacy.pharmacy_id], step.event_at)
        for order in world.orders_born()
        for step in order.steps
        if step.event_type == "packed"
    ]
    assert len(packed) > 200
    assert not any(to_microseconds(begins) <= at < to_microseconds(ends) for (begins, ends), at in packed)


def test_a_surge_brings_more_new_patients_and_leaves_the_usual_referrals():
    usual, surge = (
        simulate(SimulationParameters(1000, 10, EVENING, scenarios=scenarios)).orders_born()
        for scenarios in ((), ("referral_surge@8",))
    )
    extra = len(surge) - len(usual)
    assert 200 < extra < 500  # about three of a day's hundred, on a working day
