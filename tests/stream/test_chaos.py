"""The chaos run would notice a part that ends by itself, and any column in which live and batch differ."""

import datetime
import random
import subprocess
import sys
from collections import Counter

import pytest

from pbm360 import broker, medallion
from pbm360.stream.run import run_stream
from tests.benchmarks.chaos import OUTAGE_SECONDS, PARTS, SERVERS, plan_kills
from tests.benchmarks.killable import Killable
from tests.benchmarks.live_events import events_now, templates
from tests.stream.counts import live_keys, unequal_events


class Echo(Killable):
    """A process that says something and ends."""

    def __init__(self, log):
        self.log = log
        with log.open("w") as lines:
            self.process = subprocess.Popen([sys.executable, "-c", "print('no more'); exit(3)"], stdout=lines)


def test_a_part_that_ended_by_itself_is_no_victim(tmp_path):
    echo = Echo(tmp_path / "echo.log")
    assert echo.process.wait(60) == 3
    with pytest.raises(AssertionError, match="ended by itself, with 3: no more"):
        echo.assert_runs()


def test_of_a_hundred_kills_each_part_has_a_third_and_each_server_two_long_outages():
    planned = plan_kills(kills=100, outages=4, chance=random.Random(1))
    struck = Counter(kill.name for kill in planned)
    assert len(planned) == 100 and set(struck) == set(PARTS) and set(struck.values()) == {33, 34}
    away = [kill for kill in planned if kill.away_seconds]
    assert Counter(kill.name for kill in away) == dict.fromkeys(SERVERS, 2)
    assert all(OUTAGE_SECONDS[0] <= kill.away_seconds <= OUTAGE_SECONDS[1] for kill in away)


CHANGES = (
    "update pbm_live.order_events set pharmacy_id = 'PH99' where event_id = 'column-100'",
    "update pbm_live.order_events set patient_pay_usd = coalesce(patient_pay_usd, 0) + 1 where event_id = 'column-200'",
    "update pbm_live.order_events set nps = coalesce(nps, 0) + 1 where event_id = 'column-300'",
)


@pytest.mark.timeout(600)
def test_events_that_live_and_batch_hold_otherwise_in_one_column_are_counted(home):
    settings, warehouse = home
    events = events_now(templates(settings.pseudonym_key, orders=50), "column")
    broker.publish_batches(settings, settings.topic, [next(events) for _ in range(600)])
    run_stream(settings, until_idle_seconds=1)
    for day in medallion.stragglers(warehouse, datetime.date(9999, 12, 31)):
        medallion.build(warehouse, day)
    assert (unequal_events(warehouse), len(live_keys(warehouse))) == (0, 600)
    for number, change in enumerate(CHANGES, start=1):
        warehouse.query(change)
        assert unequal_events(warehouse) == number
    warehouse.query("delete from pbm_live.order_events where true")
    assert unequal_events(warehouse) == 600
