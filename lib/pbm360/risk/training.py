"""Train the forecast on what was known at past instants, and on what became of those orders since."""

from __future__ import annotations

import datetime

import pandas as pd
import pyarrow as pa

from pbm360.risk.model import RiskModel, learn, training_samples
from pbm360.warehouse import Warehouse

SETTLE_DAYS = 21  # by then an order's end is known, or it has missed every limit
INSTANT_COUNT = 16
INSTANT_HOURS = 35  # apart: the instants go round the hours of the day and the days of the week
LOOK_BACK_DAYS = 90  # events from so long before the first instant on are read
READ_AT_ONCE = 8  # instants
ENOUGH_SAMPLES = 150_000  # more only take time
LEAST_INSTANTS = 6


class NothingToLearn(RuntimeError):
    """There are too few past orders to train on; the text says how many and what is needed."""


def training_instants(until: datetime.datetime, count: int = INSTANT_COUNT) -> list[datetime.datetime]:
    """Return the instants to learn from, latest first: all so long ago that the orders' ends are known."""
    last = until - datetime.timedelta(days=SETTLE_DAYS)
    return [last - datetime.timedelta(hours=INSTANT_HOURS * number) for number in range(count)]


def read_features(warehouse: Warehouse, instants: list[datetime.datetime]) -> pd.DataFrame:
    """Read what was known of the open orders at several instants (sql/risk/features_at_instants.sql)."""
    parts = [instants[first : first + READ_AT_ONCE] for first in range(0, len(instants), READ_AT_ONCE)]
    tables = [warehouse.run("risk/features_at_instants.sql", {"instants": part, "as_of": max(part)}) for part in parts]
    return pa.concat_tables(tables).to_pandas()


def read_outcomes(warehouse: Warehouse, since: datetime.datetime, as_of: datetime.datetime) -> pd.DataFrame:
    """Read what became of orders as far as it was known at `as_of` (sql/risk/outcomes.sql)."""
    since -= datetime.timedelta(days=LOOK_BACK_DAYS)
    return warehouse.run("risk/outcomes.sql", {"as_of": as_of, "since": since}).to_pandas()


def read_pharmacies(warehouse: Warehouse) -> pd.DataFrame:
    """Read the pharmacies' opening hours (sql/risk/pharmacies.sql)."""
    return warehouse.run("risk/pharmacies.sql").to_pandas()


def train(warehouse: Warehouse, until: datetime.datetime, count: int = INSTANT_COUNT) -> RiskModel:
    """Train on what was known by `until` (UTC) and nothing later. Raises `NothingToLearn`.

    Of a large past as many of the `count` instants are read as give `ENOUGH_SAMPLES`, spread over their span.
    """
    instants = training_instants(until, count)
    features = read_enough(warehouse, instants)
    if not len(features):
        raise NothingToLearn(
            f"no order was open at {instants[0]:%Y-%m-%d %H:%M}; a forecast trained until {until:%Y-%m-%d} learns from "
            f"orders that were open {SETTLE_DAYS} days before: simulate or import a longer past"
        )
    outcomes = read_outcomes(warehouse, instants[-1], until)
    return learn(training_samples(features, outcomes, read_pharmacies(warehouse)), until)


def read_enough(warehouse: Warehouse, instants: list[datetime.datetime]) -> pd.DataFrame:
    """Read the features of as many instants as are enough, the latest among them; none where no order was open then.

    The fewest that ever are enough are read in one pass, and the others only where so few orders were open.
    """
    latest, others = instants[0], instants[1:]
    fewest = spread(others, ENOUGH_SAMPLES)
    found = read_features(warehouse, [latest, *fewest])
    order_count = int((found["as_of"] == pd.Timestamp(latest)).sum())
    if not order_count:
        return found.head(0)
    wanted = spread(others, order_count)
    missing = [instant for instant in wanted if instant not in fewest]
    if missing:
        found = pd.concat([found, read_features(warehouse, missing)], ignore_index=True)
    is_wanted = found["as_of"].isin([pd.Timestamp(instant) for instant in [latest, *wanted]])
    return found[is_wanted].reset_index(drop=True)


def spread(instants: list[datetime.datetime], order_count: int) -> list[datetime.datetime]:
    """Return as many of the instants as are enough with so many open orders each, evenly spread."""
    wanted = max(LEAST_INSTANTS, -(-ENOUGH_SAMPLES // order_count)) - 1
    if wanted >= len(instants):
        return instants
    return [instants[number * len(instants) // wanted] for number in range(wanted)]
