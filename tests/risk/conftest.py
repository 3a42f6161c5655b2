"""A simulated past in which every event is known when it was, and what became of its orders."""

import datetime

import pytest

from pbm360 import medallion
from pbm360.risk.worlds import load_world
from pbm360.simulate import SimulationParameters, simulate

END = datetime.datetime(2026, 11, 20, 15, tzinfo=datetime.UTC)
DAYS = 50


@pytest.fixture(scope="session")
def past():
    """1,500 orders of fifty days."""
    return simulate(SimulationParameters(orders=1500, days=DAYS, end=END, seed=7))


@pytest.fixture(scope="session")
def world(make_warehouse, past):
    """A warehouse in whose live events the past lies, so that serving and the time machine both show it."""
    warehouse = make_warehouse()
    medallion.prepare(warehouse)
    load_world(warehouse, past, table="live.order_events")
    return warehouse
