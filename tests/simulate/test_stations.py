"""Capacity by shift: queues where more comes than can be done, the oldest order first, nobody idle."""

import datetime
from random import Random

import pytest

from pbm360.domain.envelope import to_microseconds
from pbm360.simulate.opening_hours import HOUR, OpeningHours
from pbm360.simulate.places import furnish
from pbm360.simulate.stations import MINUTE, Outage, Roster, Station, planned_staff, station_kinds

MONDAY = to_microseconds(datetime.datetime(2026, 11, 16, tzinfo=datetime.UTC))
HOURS = OpeningHours("UTC", "08:00", "18:00", "1111100", MONDAY)


def clock(hours: float, day: int = 0) -> int:
    """Return an instant by its hour on a day of that week."""
    return MONDAY + day * 24 * HOUR + int(hours * HOUR)


def station(*outages: Outage, minutes: float = 30, staff: float = 1.0) -> Station:
    return Station(Roster(HOURS), staff, minutes, outages)


def test_an_order_that_meets_nobody_does_not_wait():
    assert station(minutes=5).finish(clock(9.25)) == clock(9.25)


def test_orders_that_come_together_are_served_one_after_the_other():
    desk = station()
    done = [desk.finish(clock(12)) for _ in range(4)]
    assert done == sorted(done)
    # between 11 and 16 h both shifts are in: 0.65 + 0.35 of the staff, over 0.765 on average: 1.307 people
    assert done[-1] - clock(12) == pytest.approx(4 * 30 * MINUTE / 1.307, rel=0.01)


def test_what_the_day_does_not_take_is_done_on_the_next_one():
    desk = station()
    done = [desk.finish(clock(17.5)) for _ in range(2)]
    assert clock(8, day=1) <= done[1] < clock(9, day=1)


def test_the_younger_order_does_not_delay_the_older_one():
    """Whoever books first is born first: what others book later leaves it as it is, wherever their work falls."""
    alone = station()
    expected = [alone.finish(clock(hour)) for hour in (15, 9, 12)]
    crowded = station()
    found = []
    for hour in (15, 9, 12):
        found.append(crowded.finish(clock(hour)))
    younger = [crowded.finish(clock(9)) for _ in range(10)]
    assert found == expected
    assert max(younger) > clock(12)


def test_nobody_idles_while_somebody_waits():
    desk, random = station(minutes=20), Random(1)
    arrivals = [clock(8 + 4 * random.random()) for _ in range(40)]
    done = sorted(desk.finish(arrival) for arrival in arrivals)
    work = 40 * 20 * MINUTE
    assert done[-1] <= clock(18, day=1)
    # 800 minutes of work for one person and 600 minutes a day: the first day is worked through to its end
    assert sum(clock(8) <= instant < clock(18) for instant in done) >= 600 * MINUTE / work * 40 - 2


def test_during_an_outage_nothing_is_done_and_after_it_the_queue_is():
    desk = station(Outage(clock(0, day=1), clock(0, day=2)), minutes=20)
    done = [desk.finish(clock(9, day=1)) for _ in range(5)]
    assert min(done) >= clock(8, day=2)
    assert done == sorted(done)


def test_work_is_done_while_the_station_is_staffed_only():
    desk, random = station(minutes=50), Random(2)
    for _ in range(200):
        done = desk.finish(HOURS.after_work(clock(24 * 4 * random.random()), 1))
        assert HOURS.next_open(done) == done


def test_forgetting_the_past_changes_nothing_that_is_still_to_come():
    forgetful, other = station(minutes=25), station(minutes=25)
    for day in range(4):
        for hour in (8, 9, 9, 9, 10):
            assert forgetful.finish(clock(hour, day)) == other.finish(clock(hour, day))
        forgetful.forget(clock(0, day + 1))
    assert not forgetful._left and other._left


def test_the_staff_grows_with_the_planned_orders_and_somebody_is_always_there():
    kind = next(kind for kind in station_kinds() if kind.station == "clinical_review")
    few, many, more = (
        planned_staff({"first_fill": orders * 0.4, "refill": orders * 0.6, "reship": 0.0}, kind, 100)
        for orders in (10, 1000, 2000)
    )
    assert few == 1.0
    assert more == pytest.approx(2 * many)
    # 1000 orders x 0.916 visits x 12 minutes, over 62 % of 50 hours
    assert many == pytest.approx(1000 * 0.916 * 12 / 60 / (0.62 * 50))


def test_every_pharmacy_has_every_station_and_all_share_the_insurers_desk():
    places = furnish(MONDAY, 50.0, ())
    assert len(places) == 6
    assert len({id(place.payer_desk) for place in places.values()}) == 1
    for place in places.values():
        assert set(place.stations) == {kind.station for kind in station_kinds()}
