"""The chapter's question of satisfaction hides small cells, and leaves none to be subtracted from the total."""

import datetime

import pytest

from tests.fact_rows import fact_row

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
SURVEYS = {"courier": 0, "fedex": 52, "ups": 408, "usps": 159}  # by carrier; a delivery by courier nobody answered
HIDDEN = {1: set(), 52: set(), 60: {"fedex", "usps"}, 200: {"fedex", "usps"}, 409: {"fedex", "ups", "usps"}}


def survey(order_id, number):
    return {
        "event_id": f"{order_id}-1",
        "source": "crm",
        "order_id": order_id,
        "reported_order_id": order_id,
        "feedback_type": "survey",
        "occurred_at": NOW,
        "occurred_date": NOW.date(),
        "nps": number % 11,
        "nps_category": "promoter" if number % 11 > 8 else "detractor",
        "csat": 5,
        "is_satisfied": True,
        "order_status": "delivered",
        "is_after_delivery": True,
    }


@pytest.fixture(scope="module")
def warehouse(make_warehouse):
    made = make_warehouse()
    orders = [(carrier, f"{carrier}-{number}") for carrier, count in SURVEYS.items() for number in range(count + 1)]
    rows = [fact_row(name, "DELIVERED", NOW, 30, carrier=carrier, delivered_at_hours_ago=2) for carrier, name in orders]
    made.load_rows("gold.fact_order_lifecycle", rows)
    answered = [f"{carrier}-{number}" for carrier, count in SURVEYS.items() for number in range(count)]
    made.load_rows("gold.fact_patient_feedback", [survey(name, place) for place, name in enumerate(answered)])
    return made


@pytest.mark.parametrize("minimum_count", HIDDEN)
def test_the_small_cell_goes_and_the_next_smallest_that_has_answers(warehouse, minimum_count):
    question = {"cohort": "carrier", "minimum_count": minimum_count}
    cells = {row["cohort"]: row for row in warehouse.run("notebooks/satisfaction.sql", question).to_pylist()}
    assert {name for name, cell in cells.items() if cell["is_suppressed"]} == HIDDEN[minimum_count]
    shown = {name: cell["survey_count"] for name, cell in cells.items() if cell["survey_count"] is not None}
    assert shown == {name: count for name, count in SURVEYS.items() if name not in HIDDEN[minimum_count]}
    numbers = ("response_rate", "nps", "csat_share")
    assert all(cells[name][number] is None for name in HIDDEN[minimum_count] for number in numbers)
