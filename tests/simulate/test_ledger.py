"""The ground truth against the lifecycle that the domain states, which shares no code with it but the names."""

import datetime
from collections import Counter, defaultdict
from itertools import takewhile

import pytest

from pbm360.domain.lifecycle import MILESTONES, order_rows
from pbm360.domain.rules import event_types
from pbm360.simulate import DefectRates, SimulationParameters, simulate

NOTHING_WITHHELD = DefectRates(missing_scan=0.0, duplicate=0.05, late=0.05, malformed=0.01)
COMPARED = (*MILESTONES, "stage", "status", "promised_at", "event_count", "carrier", "pharmacy_id", "drug_ndc")


def compared(rows) -> dict[str, dict]:
    return {row["order_id"]: {name: row[name] for name in COMPARED} for row in rows}


def test_truth_is_the_lifecycle_of_what_was_sent_where_nothing_was_withheld(flawless, receive):
    assert compared(flawless.truth_orders()) == compared(order_rows(receive(flawless.messages())))


def test_truth_is_the_lifecycle_of_what_was_sent_plus_what_was_withheld(simulation, messages, receive):
    withheld = defaultdict(set)
    counts = Counter()
    for row in simulation.truth_defects():
        if row["defect"] == "missing_scan":
            withheld[row["order_id"]].add(row["event_type"])
            counts[row["order_id"]] += 1
    truth, sent = compared(simulation.truth_orders()), compared(order_rows(receive(messages)))
    assert set(truth) == set(sent)
    for order_id, row in truth.items():
        if order_id not in withheld:
            assert row == sent[order_id]
        assert row["event_count"] == sent[order_id]["event_count"] + counts[order_id]
        for name, types in MILESTONES.items():
            if not withheld[order_id].intersection(types):
                assert row[name] == sent[order_id][name], (order_id, name)


def test_withheld_scans_stand_in_the_truth(simulation):
    truth = {row["order_id"]: row for row in simulation.truth_orders()}
    column_of = {"packed": "packed_at", "shipped": "shipped_at", "delivered": "delivered_at"}
    rows = [
        row for row in simulation.truth_defects() if row["event_type"] in column_of and row["defect"] == "missing_scan"
    ]
    assert len(rows) > 20
    for row in rows:
        assert truth[row["order_id"]][column_of[row["event_type"]]] == row["event_at"]


@pytest.mark.parametrize("days_before", [0.5, 3, 9])
def test_truth_at_an_earlier_instant_is_what_was_known_then(flawless, end, days_before, receive):
    known_until = end - datetime.timedelta(days=days_before)
    known = takewhile(lambda message: message.observed_at <= known_until, flawless.messages())
    rows = flawless.truth_orders(known_until)
    assert compared(rows) == compared(order_rows(receive(known)))
    assert {row["known_until"] for row in rows} == {known_until}


@pytest.mark.parametrize("rate", [1.0, 60.0, 3600.0])
def test_truth_of_the_live_messages_is_the_lifecycle_of_history_and_trickle(end, rate, receive):
    simulation = simulate(SimulationParameters(orders=150, days=4, end=end, seed=3, defects=NOTHING_WITHHELD))
    known_until = end + datetime.timedelta(days=6) / rate
    live = list(takewhile(lambda message: message.observed_at <= known_until, simulation.live_messages(rate)))
    assert len(live) > 1000
    sent = order_rows(receive([*simulation.messages(), *live]))
    assert compared(simulation.truth_orders(known_until, rate)) == compared(sent)


def test_rows_name_their_simulation_and_patient(simulation):
    rows = simulation.truth_orders()
    assert {row["simulation_id"] for row in rows} == {simulation.simulation_id}
    patients = {row["order_id"]: row["patient_id"] for row in simulation.entities().orders}
    assert {row["order_id"]: row["patient_id"] for row in rows}.items() <= patients.items()
    assert len(rows) > 0.99 * len(patients)  # the others' referrals come late: order management knows, nobody else


def test_defects_name_a_known_type_and_the_instant_at_which_they_came(simulation, end):
    for row in simulation.truth_defects():
        assert row["event_type"] in event_types()
        assert row["event_at"] <= row["observed_at"] <= end
        assert row["simulation_id"] == simulation.simulation_id
        assert row["detail"]


def test_nothing_is_known_before_the_beginning(simulation):
    start = simulation.parameters.start
    assert simulation.truth_orders(start) == []
    assert simulation.truth_defects(start) == []
