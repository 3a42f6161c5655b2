"""A refill that waits is a few bytes, and takes over from the order before it what that one had."""

import datetime

from pbm360.simulate import SimulationParameters, simulate
from pbm360.simulate.refills import PACKED, Parent, Refills, pack, unpack

END = datetime.datetime(2026, 11, 23, 17, tzinfo=datetime.UTC)


def parents():
    simulation = simulate(SimulationParameters(orders=300, days=3, end=END, seed=5))
    return simulation.parameters.tag, simulation.orders_born()


def test_what_a_refill_takes_over_is_read_as_it_was_written():
    tag, orders = parents()
    for order in orders:
        written = Parent(order.order_id, order.patient, order.drug, order.fill_number, order.priority)
        packed = pack(order.created_at, order)
        assert unpack(packed, tag) == written
        assert len(packed) == PACKED.size < 50
    assert {order.priority for order in orders} == {"routine", "urgent"}
    assert len({order.patient.plan_type for order in orders}) == 4


def test_the_refill_that_is_due_first_comes_first_and_of_one_instant_that_of_the_older_order():
    tag, orders = parents()
    refills, (first, second, third) = Refills(tag), orders[:3]
    for due_at, parent in ((2_000, third), (1_000, second), (1_000, first)):
        refills.add(due_at, parent)
    assert not refills.is_due(999) and refills.is_due(1_000)
    assert [refills.pop().order_id for _ in orders[:3]] == [first.order_id, second.order_id, third.order_id]
    assert not refills.is_due(10**18)


def test_a_refill_that_nobody_asked_for_in_time_is_forgotten():
    tag, orders = parents()
    refills = Refills(tag)
    for due_at, parent in zip((1_000, 2_000), orders, strict=False):
        refills.add(due_at, parent)
    refills.forget(2_000)
    assert refills.pop().order_id == orders[1].order_id
    assert not refills.is_due(10**18)
