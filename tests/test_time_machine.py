"""The time machine shows of an instant what was shown then, but for what became visible later; what-if on a replay."""

import datetime

import pytest

from pbm360 import medallion, time_machine
from pbm360.what_if import WhatIfError, read_what_if
from tests.test_seam import DAYS, START, World, make_world

HOUR = datetime.timedelta(hours=1)
INSTANTS = [START + hours * HOUR for hours in (20, 40, 60)]


@pytest.fixture(scope="module")
def world(make_warehouse) -> World:
    """A world of which one message in five is visible up to two days after its stamp."""
    world = make_world(make_warehouse(), 11)
    for message in world.messages:
        late = world.random.random() < 0.2
        message["ingested_at"] = message["known_at"] + (world.random.randrange(1, 48) * HOUR if late else 0 * HOUR)
        if message["message_id"] in world.live:
            world.live[message["message_id"]]["ingested_at"] = message["ingested_at"]
    return world


@pytest.fixture(scope="module")
def pictures(world) -> dict[datetime.datetime, list[dict]]:
    """What was served at the instants, a day being built after each of them."""
    taken = {}
    for instant, day in zip(INSTANTS, DAYS, strict=True):
        let_in(world, instant)
        taken[instant] = world.warehouse.query("select * from pbm_serving.order_lifecycle").to_pylist()
        medallion.build(world.warehouse, day)
    let_in(world, START + 10 * 24 * HOUR)
    for day in DAYS:
        medallion.build(world.warehouse, day)
    return taken


def let_in(world: World, instant: datetime.datetime) -> None:
    """Let bronze and live have what is visible by an instant."""
    news = [m for m in world.messages if m["ingested_at"] <= instant and m["message_id"] not in world.in_bronze]
    world.warehouse.load_rows("bronze.raw_orders", news)
    rows = [world.live[m["message_id"]] for m in news if m["message_id"] in world.live]
    world.warehouse.load_rows("live.order_events", rows)
    world.in_bronze += [m["message_id"] for m in news]


@pytest.mark.parametrize("instant", INSTANTS)
def test_it_differs_from_the_picture_in_orders_with_events_that_were_visible_later_alone(world, pictures, instant):
    found = time_machine.compare(world.warehouse, pictures[instant], instant, instant)
    assert found.unexplained_orders == ()
    late = {
        (row["source"], row["event_id"])
        for row in world.live.values()
        if row["known_at"] <= instant < row["ingested_at"]
    }
    assert {(event["source"], event["event_id"]) for event in found.late_events} <= late
    assert len(found.late_events) >= 3 and found.differing_orders
    assert len(pictures[instant]) > 5


def test_a_picture_that_is_wrong_is_not_explained(world, pictures):
    instant = INSTANTS[-1]
    late = {event["order_id"] for event in time_machine.compare(world.warehouse, [], instant, instant).late_events}
    on_time = next(row for row in pictures[instant] if row["reported_order_id"] not in late)
    wrong = [{**row, "event_count": -1} if row is on_time else row for row in pictures[instant]]
    found = time_machine.compare(world.warehouse, wrong, instant, instant)
    assert found.unexplained_orders == (on_time["order_id"],)


def test_what_if_nothing_changes_says_the_same_twice(world, pictures):
    orders, stages = read_what_if(world.warehouse, INSTANTS[-1], slas={}, without_carriers=[])
    assert {k: v for k, v in orders[0].items() if k != "picture"} == {
        k: v for k, v in orders[1].items() if k != "picture"
    }
    for row in stages:
        assert row["what_if_breached_count"] == row["breached_count"]
        assert row["what_if_visit_count"] == row["visit_count"]
    assert sum(row["breached_count"] for row in stages) > 0


def test_what_if_an_sla_is_none_at_all_or_endless(world, pictures):
    before = {row["stage"]: row for row in read_what_if(world.warehouse, INSTANTS[-1], slas={}, without_carriers=[])[1]}
    endless, *rest = sorted(before, key=lambda stage: -before[stage]["breached_count"])
    strict, *others = sorted(rest, key=lambda stage: before[stage]["breached_count"] - before[stage]["visit_count"])
    slas = {strict: 0.0, endless: 1e6}
    after = {row["stage"]: row for row in read_what_if(world.warehouse, INSTANTS[-1], slas, without_carriers=[])[1]}
    assert after[endless]["what_if_breached_count"] == 0 < before[endless]["breached_count"]
    assert after[strict]["what_if_breached_count"] > before[strict]["breached_count"]
    assert after[strict]["what_if_sla_hours"] == 0.0
    assert others and all(after[stage] == before[stage] for stage in others)


def test_what_if_a_carrier_were_not_leaves_its_orders_out(world, pictures):
    orders, _ = read_what_if(world.warehouse, INSTANTS[-1], slas={}, without_carriers=["ups"])
    machine = world.warehouse.run("time_machine/orders.sql", {"as_of": INSTANTS[-1]}).to_pylist()
    assert orders[0]["order_count"] == len(machine)
    assert orders[1]["order_count"] == sum(row["carrier"] != "ups" for row in machine) < len(machine)


def test_an_unknown_stage_or_a_negative_sla_is_refused(world):
    with pytest.raises(WhatIfError, match="stage must be one of RECEIVED"):
        read_what_if(world.warehouse, INSTANTS[0], slas={"RECIEVED": 1.0}, without_carriers=[])
    with pytest.raises(WhatIfError, match=r"0 hours or more; got -1\.0 for PACK"):
        read_what_if(world.warehouse, INSTANTS[0], slas={"PACK": -1.0}, without_carriers=[])
