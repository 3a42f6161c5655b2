"""Simulated worlds that several modules read, what a receiver makes of their messages, and what a rate allows."""

import datetime
import json
import math

import pytest

from pbm360.domain.rules import codes, event_types, stages
from pbm360.simulate import NO_DEFECTS, Simulation, SimulationParameters, simulate

END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)  # a Monday


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
def assert_rate():
    """Return the function that holds a count against a rate."""
    return check_rate


def check_rate(found: int, of: int, rate: float) -> None:
    """Hold a count against a binomial of this rate, within five standard deviations."""
    deviation = math.sqrt(of * rate * (1 - rate))
    assert abs(found - of * rate) <= 5 * deviation, f"{found} of {of}: {found / of:.4f} instead of {rate:.4f}"


def received_events(messages) -> list[dict]:
    """Decode messages as silver does, duplicates included: rows with the columns that a lifecycle needs."""
    found = []
    for number, message in enumerate(messages):
        try:
            event = json.loads(message.payload)
        except json.JSONDecodeError:
            continue
        found.append(received_event(event, message, number))
    return found


def received_event(event: dict, message, number: int) -> dict:
    data = event["data"]
    event_type = codes("type")[event["type"].strip().lower()]
    decision = codes("decision")[data["decision"].strip().lower()] if "decision" in data else None
    kind = event_types()[event_type]
    stage = kind.stage_when_denied if decision == "denied" else kind.stage
    return {
        "source": event["source"],
        "event_id": event["id"],
        "event_type": event_type,
        "event_at": datetime.datetime.fromisoformat(event["time"]),
        "order_id": event["subject"],
        "stage": stage,
        "stage_order": stages()[stage].stage_order if stage else None,
        "message_id": f"{number:09d}",
        "known_at": message.observed_at,
        "decision": decision,
        "patient_key": data.get("patient_id"),
        "pharmacy_id": data.get("pharmacy_id"),
        "drug_ndc": data.get("drug_ndc"),
        "carrier": codes("carrier")[data["carrier"].strip().lower()] if "carrier" in data else None,
        "promised_at": datetime.datetime.fromisoformat(data["promised_at"]) if "promised_at" in data else None,
    }
