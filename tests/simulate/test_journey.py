"""The lives of orders: allowed transitions, opening hours, times that go forward."""

import datetime
from collections import Counter
from zoneinfo import ZoneInfo

from pbm360.domain.envelope import to_instant
from pbm360.domain.rules import allowed_transitions, event_types, stages
from pbm360.simulate import NO_DEFECTS, SimulationParameters, simulate
from pbm360.simulate.world import source_of, stage_of

ANY_HOUR = {"referral_received"}  # prescribers write at night too


def stages_of(order) -> list[str]:
    found = []
    for step in order.steps:
        stage = stage_of()[step.event_type]
        if step.event_type == "appeal_decided" and step.data["decision"] == "denied":
            stage = "CANCELLED"
        if stage and (not found or found[-1] != stage):
            found.append(stage)
    return found


def test_every_transition_is_an_allowed_one(simulation):
    used = Counter()
    for order in simulation.orders_born():
        path = stages_of(order)
        used.update(zip(path, path[1:], strict=False))
    assert not set(used) - allowed_transitions()
    assert set(used) == allowed_transitions()  # and all of them happen


def test_every_order_begins_with_its_referral_and_ends_in_a_terminal_stage(simulation):
    for order in simulation.orders_born():
        path = stages_of(order)
        assert order.steps[0].event_type == "referral_received"
        assert order.steps[0].event_at == order.created_at
        assert stages()[path[-1]].is_terminal
        assert not any(stages()[stage].is_terminal for stage in path[:-1])


def test_every_event_type_of_every_source_happens_in_a_summer_as_warm_as_others():
    end = datetime.datetime(2026, 7, 20, 17, 0, tzinfo=datetime.UTC)
    world = simulate(SimulationParameters(orders=3000, days=14, end=end, defects=NO_DEFECTS))
    happened = {step.event_type for order in world.orders_born() for step in order.steps}
    assert happened == set(event_types())
    assert {source_of()[event_type] for event_type in happened} == {"oms", "payer", "wms", "carrier", "iot", "crm"}


def test_orders_are_cancelled_in_every_stage_before_the_dock_and_for_every_reason(simulation):
    stages_left, reasons = Counter(), Counter()
    for order in simulation.orders_born():
        path = stages_of(order)
        stages_left.update(path[-2:-1] if path[-1] == "CANCELLED" else [])
        reasons.update(step.data["reason"] for step in order.steps if step.event_type == "order_cancelled")
    assert set(stages_left) == {before for before, after in allowed_transitions() if after == "CANCELLED"}
    assert set(reasons) == {"patient", "cost", "clinical", "payer", "duplicate"}
    assert stages_left["FINANCIAL"] == max(stages_left.values())  # the price is what most give up for


def test_an_order_enters_where_its_kind_does(simulation):
    entered = {(order.kind, stages_of(order)[1]) for order in simulation.orders_born()}
    assert entered - {("first_fill", "CANCELLED"), ("refill", "CANCELLED")} == {
        ("first_fill", "INTAKE"),
        ("refill", "CLINICAL"),
        ("reship", "FILL"),
    }


def test_an_order_s_own_steps_are_a_second_apart_at_least(simulation):
    for order in simulation.orders_born():
        times = [step.event_at for step in order.steps if stage_of()[step.event_type]]
        assert all(later - earlier >= 1_000_000 for earlier, later in zip(times, times[1:], strict=False))
        assert all(time % 1000 == 0 for time in times)


def test_people_work_in_the_opening_hours_of_their_own_pharmacy(simulation):
    looked_at = Counter()
    for order in simulation.orders_born():
        pharmacy, zone = order.pharmacy, ZoneInfo(order.pharmacy.time_zone)
        for step in order.steps:
            if source_of()[step.event_type] not in ("oms", "wms") or step.event_type in ANY_HOUR:
                continue
            local = to_instant(step.event_at).astimezone(zone)
            assert pharmacy.open_days[local.weekday()] == "1", (order.order_id, step)
            assert pharmacy.opens_at <= f"{local:%H:%M}" < pharmacy.closes_at, (order.order_id, step)
            looked_at[pharmacy.pharmacy_id] += 1
    assert len(looked_at) == 6


def test_parcels_arrive_by_day_and_not_on_sundays(simulation):
    for order in simulation.orders_born():
        for step in order.steps:
            if step.event_type in ("out_for_delivery", "attempt_failed", "delivered"):
                local = to_instant(step.event_at).astimezone(ZoneInfo(order.pharmacy.time_zone))
                assert local.weekday() != 6
                assert 8 <= local.hour < 20


def test_a_refill_or_reship_names_the_order_before_it(simulation):
    orders = simulation.orders_born()
    by_id = {order.order_id: order for order in orders}
    for order in orders:
        data = order.steps[0].data
        assert (data.get("previous_order_id") is not None) == (order.kind != "first_fill")
        assert data.get("is_reship", False) == order.is_reship
        parent = by_id.get(data.get("previous_order_id"))
        if parent:
            assert (parent.patient_id, parent.drug) == (order.patient_id, order.drug)
            assert parent.created_at < order.created_at
            assert order.fill_number == parent.fill_number + (not order.is_reship)


def test_orders_of_short_supplies_are_refilled_within_the_simulation(simulation):
    orders = simulation.orders_born()
    ids = {order.order_id for order in orders}
    assert any(order.kind == "refill" and order.previous_order_id in ids for order in orders)


def test_cold_drugs_travel_fast_and_only_they_are_monitored(simulation):
    for order in simulation.orders_born():
        services = {step.data["service"] for step in order.steps if "service" in step.data}
        has_readings = any(step.event_type == "temperature_reading" for step in order.steps)
        if order.drug.pack_type == "ambient":
            assert not has_readings
        else:
            assert services <= {"overnight", "same_day"}
