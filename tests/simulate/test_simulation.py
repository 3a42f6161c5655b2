"""The simulated history as a whole: repeatable, in order, complete."""

import datetime
import json
from itertools import islice

import pytest

from pbm360.simulate import NO_DEFECTS, DefectRates, SimulationParameters, simulate


def small(end, **changes):
    return simulate(SimulationParameters(**({"orders": 120, "days": 3, "end": end} | changes)))


def test_two_runs_of_one_seed_are_byte_identical(end):
    first, second = small(end), small(end)
    assert list(first.messages()) == list(second.messages())
    assert first.truth_orders() == second.truth_orders()
    assert first.truth_defects() == second.truth_defects()
    assert first.entities() == second.entities()
    assert list(islice(first.live_messages(60), 300)) == list(islice(second.live_messages(60), 300))


def test_the_end_may_be_given_in_any_zone(end):
    zone = datetime.timezone(datetime.timedelta(hours=-5))
    assert list(small(end).messages()) == list(small(end.astimezone(zone)).messages())


@pytest.mark.parametrize(
    "change", [{"seed": 361}, {"orders": 121}, {"days": 4}, {"defects": DefectRates(duplicate=0.02)}]
)
def test_other_parameters_are_another_simulation_with_other_ids(end, change):
    usual, other = small(end), small(end, **change)
    assert usual.simulation_id != other.simulation_id
    assert not {row["order_id"] for row in usual.truth_orders()} & {row["order_id"] for row in other.truth_orders()}
    assert [message.payload for message in usual.messages()] != [message.payload for message in other.messages()]


def test_defects_do_not_change_what_happens(end):
    usual, other = small(end), small(end, defects=DefectRates(duplicate=0.3, missing_scan=0.3))
    for one, two in zip(usual.orders_born(), other.orders_born(), strict=True):
        assert [(step.event_type, step.event_at) for step in one.steps] == [
            (step.event_type, step.event_at) for step in two.steps
        ]


def test_messages_come_in_the_order_in_which_they_were_known_and_none_after_the_end(simulation, messages, end):
    times = [message.observed_at for message in messages]
    assert times == sorted(times)
    assert times[0] > simulation.parameters.start
    assert times[-1] <= end


def test_every_message_of_the_past_says_when_it_was_known_and_who_made_it(simulation, messages):
    for message in messages:
        assert datetime.datetime.fromisoformat(message.attributes["observed_at"]) == message.observed_at
        assert message.attributes["simulation_id"] == simulation.simulation_id
        assert message.attributes["source"] in ("oms", "payer", "wms", "carrier", "iot", "crm")


def test_the_referrals_are_as_many_as_asked_and_reships_come_on_top(simulation):
    orders = simulation.orders_born()
    assert sum(not order.is_reship for order in orders) == 3000
    assert sum(order.is_reship for order in orders) > 0


def test_the_live_messages_go_on_where_the_history_ends(end):
    simulation = small(end)
    history = {(message.observed_at, message.payload) for message in simulation.messages()}
    live = list(islice(simulation.live_messages(), 500))
    assert all(message.observed_at > end and "observed_at" not in message.attributes for message in live)
    assert not history & {(message.observed_at, message.payload) for message in live}


def test_new_orders_keep_arriving_in_the_future_as_they_did(end):
    simulation = small(end, orders=280, days=7)
    next_week = end + datetime.timedelta(days=7)
    arrived = len(simulation.orders_born(next_week)) - len(simulation.orders_born())
    assert abs(arrived - 280) < 5 * 280**0.5  # a Poisson number


def test_on_a_faster_clock_no_event_lies_after_its_message(end):
    looked_at = 0
    for message in islice(small(end, defects=NO_DEFECTS).live_messages(3600), 800):
        assert datetime.datetime.fromisoformat(json.loads(message.payload)["time"]) <= message.observed_at
        looked_at += message.observed_at > end
    assert looked_at == 800


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"orders": 0}, "orders must be a whole number of 1 or more; got 0"),
        ({"days": 1.5}, "days must be a whole number of 1 or more; got 1.5"),
        ({"seed": -1}, "seed must be a whole number of 0 or more; got -1"),
        ({"end": datetime.datetime(2026, 11, 23)}, "needs a time zone"),
    ],
)
def test_wrong_parameters_are_refused_with_what_was_expected(end, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        SimulationParameters(**({"orders": 10, "days": 1, "end": end} | change))
