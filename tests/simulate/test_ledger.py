"""The ground truth, and what can be known of it, against the lifecycle that the domain makes of what was accepted."""

import datetime
from collections import defaultdict
from itertools import takewhile

import pytest

from pbm360.domain.lifecycle import MILESTONES, order_rows
from pbm360.domain.rules import event_types
from pbm360.simulate import DefectRates, SimulationParameters, simulate
from pbm360.simulate.knowable import COMPARED, HIDING

MANY_DEFECTS = DefectRates(
    reused_id=0.2, after_delivery=0.3, orphan=0.03, unknown_code=0.03, missing_scan=0.05, wrong_offset=0.03
)
PROMISING = ("label_created", "in_transit", "out_for_delivery")


def compared(rows) -> dict[str, dict]:
    return {row["order_id"]: {name: row[name] for name in COMPARED} for row in rows}


def expected(simulation, *known) -> dict[str, dict]:
    """Return how gold must have each order: as it truly was, or as far as it can be known."""
    knowable = simulation.knowable_orders(*known)
    hidden = {row["of_order_id"] for row in knowable if not row["is_phantom"]}
    return compared([row for row in simulation.truth_orders(*known) if row["order_id"] not in hidden]) | compared(
        knowable
    )


@pytest.fixture(scope="module")
def damaged(end):
    """A small pharmacy in which much goes wrong."""
    return simulate(SimulationParameters(orders=500, days=12, end=end, seed=5, defects=MANY_DEFECTS))


def test_truth_is_the_lifecycle_of_what_was_sent_without_defects(flawless, receive):
    assert compared(flawless.truth_orders()) == compared(order_rows(receive(flawless.messages())))


def test_what_can_be_known_is_the_lifecycle_of_what_was_accepted(simulation, messages, receive):
    assert expected(simulation) == compared(order_rows(receive(messages)))


def test_so_it_is_where_much_goes_wrong(damaged, receive):
    accepted = receive(damaged.messages())
    assert expected(damaged) == compared(order_rows(accepted))
    ids = [row["order_id"] for row in damaged.knowable_orders()]
    assert sum(order_id.endswith("(2)") for order_id in ids) > 10
    assert sum(row["is_phantom"] for row in damaged.knowable_orders()) > 50


@pytest.mark.parametrize("days_before", [0.5, 3, 7])
def test_at_an_earlier_instant_it_is_what_was_accepted_by_then(damaged, end, days_before, receive):
    known_until = end - datetime.timedelta(days=days_before)
    accepted = receive(takewhile(lambda message: message.observed_at <= known_until, damaged.messages()))
    assert expected(damaged, known_until) == compared(order_rows(accepted))
    assert {row["known_until"] for row in damaged.truth_orders(known_until)} == {known_until}


@pytest.mark.parametrize("rate", [1.0, 60.0, 3600.0])
def test_of_the_live_messages_it_is_the_lifecycle_of_history_and_trickle(end, rate, receive):
    rates = DefectRates(orphan=0.01, after_delivery=0.2)
    simulation = simulate(SimulationParameters(orders=150, days=4, end=end, seed=3, defects=rates))
    known_until = end + datetime.timedelta(days=6) / rate
    live = list(takewhile(lambda message: message.observed_at <= known_until, simulation.live_messages(rate)))
    assert len(live) > 1000
    accepted = receive([*simulation.messages(), *live])
    assert expected(simulation, known_until, rate) == compared(order_rows(accepted))


def test_what_differs_from_the_truth_has_a_defect_in_the_ledger_that_hides_just_that(damaged):
    truth = {row["order_id"]: row for row in damaged.truth_orders()}
    defects = defaultdict(list)
    for row in damaged.truth_defects():
        if row["defect"] in HIDING:
            defects[row["order_id"]].append(row)
    for row in damaged.knowable_orders():
        if row["is_phantom"]:
            assert "orphan" in row["hidden_by"]
            continue
        types = {defect["event_type"] for defect in defects[row["of_order_id"]]}
        hidden = {name for name in COMPARED if row[name] != truth[row["of_order_id"]][name]}
        assert hidden <= columns_of(types) or "(2)" in row["order_id"]
        assert hidden or "(2)" in row["order_id"]


def columns_of(types: set[str]) -> set[str]:
    """Return the columns that say something else once events of these types are hidden or told at another time."""
    columns = {name for name, of_column in MILESTONES.items() if types.intersection(of_column)}
    columns |= {"promised_at"} if types.intersection(PROMISING) else set()
    return columns | {"stage", "status", "event_count", "carrier", "drug_ndc", "pharmacy_id"} if types else columns


def test_withheld_scans_and_refused_events_stand_in_the_truth(simulation):
    truth = {row["order_id"]: row for row in simulation.truth_orders()}
    column_of = {"packed": "packed_at", "shipped": "shipped_at", "delivered": "delivered_at"}
    rows = [
        row
        for row in simulation.truth_defects()
        if row["event_type"] in column_of and row["defect"] in ("missing_scan", "unknown_code")
    ]
    assert len(rows) > 20
    for row in rows:
        assert truth[row["order_id"]][column_of[row["event_type"]]] == row["event_at"]


def test_a_cancellation_after_the_delivery_cancels_nothing(damaged):
    late = [row for row in damaged.truth_defects() if row["detail"] == "cancelled after its delivery"]
    truth = {row["order_id"]: row for row in damaged.truth_orders()}
    knowable = {row["of_order_id"]: row for row in damaged.knowable_orders() if not row["is_phantom"]}
    assert len(late) > 3
    for row in late:
        assert (truth[row["order_id"]]["status"], truth[row["order_id"]]["cancelled_at"]) == ("delivered", None)
        assert knowable[row["order_id"]]["cancelled_at"] == row["event_at"]


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
    assert simulation.truth_orders(start) == simulation.knowable_orders(start) == []
    assert simulation.truth_defects(start) == []
