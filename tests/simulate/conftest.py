"""Simulated worlds that several modules read, what a receiver makes of their messages, and what a rate allows."""

import datetime

import pytest
from scipy.stats import binom

from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.envelope import to_instant, to_microseconds
from pbm360.simulate import NO_DEFECTS, Simulation, SimulationParameters, simulate
from tests.conftest import TEST_KEY

END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)  # a Monday
INSTANTS = ("event_at", "known_at", "publish_time", "ingested_at", "promised_at")
FALSE_ALARM = 1e-8


@pytest.fixture(scope="session")
def end() -> datetime.datetime:
    """The instant that the simulations call now."""
    return END


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """A pharmacy of 3,000 referrals in 14 days, with the usual defects."""
    return simulate(SimulationParameters(orders=3000, days=14, end=END))


@pytest.fixture(scope="session")
def messages(simulation) -> list:
    """Its history."""
    return list(simulation.messages())


@pytest.fixture(scope="session")
def flawless() -> Simulation:
    """A smaller one, without any defect."""
    return simulate(SimulationParameters(orders=600, days=10, end=END, seed=7, defects=NO_DEFECTS))


@pytest.fixture(scope="session")
def receive():
    """Return the function that decodes messages as silver does."""
    return received_events


@pytest.fixture(scope="session")
def judge():
    """Return the function that judges messages by the receiver's rules."""
    return judged_messages


@pytest.fixture(scope="session")
def judged(messages) -> list[tuple]:
    """The history's messages, each with its verdict."""
    return judged_messages(messages)


@pytest.fixture(scope="session")
def assert_rate():
    """Return the function that holds a count against a rate."""
    return check_rate


def check_rate(found: int, of: int, rate: float) -> None:
    """Hold a count against a binomial of this rate: a right one fails once in a hundred million such tests."""
    chance = min(binom.cdf(found, of, rate), binom.sf(found - 1, of, rate))
    assert chance > FALSE_ALARM / 2, f"{found} of {of}: {found / max(of, 1):.5f} instead of {rate:.5f}"


def received_events(messages) -> list[dict]:
    """Return the accepted events, duplicates included, with the columns of silver."""
    return [event for _, event in judged_messages(messages) if isinstance(event, dict)]


def judged_messages(messages) -> list[tuple]:
    """Judge messages by the receiver's rules: pairs of a message and its event's row, or why it is refused."""
    decoder = Decoder(TEST_KEY)
    found = []
    for number, message in enumerate(messages):
        known_at = to_microseconds(message.observed_at)
        verdict = decoder.decode(message.payload, Stamps(f"{number:09d}", known_at, known_at, known_at))
        found.append((message, verdict if isinstance(verdict, Rejection) else as_row(verdict)))
    return found


def as_row(values: list) -> dict:
    """Return a decoded event as a row, its instants as aware datetimes."""
    row = dict(zip(COLUMNS, values, strict=True))
    instants = {name: to_instant(row[name]) for name in INSTANTS if row[name] is not None}
    return row | instants
