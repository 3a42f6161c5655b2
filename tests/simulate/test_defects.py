"""What is done to messages: each injection at its rate, in the ledger, and no more than that."""

import datetime
import json
from collections import Counter
from itertools import groupby

import pytest

from pbm360.domain.rules import codes, event_types
from pbm360.simulate import NO_DEFECTS, DefectRates, SimulationParameters, simulate
from pbm360.simulate.defects import is_exposed_to_disorder
from pbm360.simulate.world import source_of

DEFECTS = ("duplicate", "malformed", "wrong_case", "late", "missing_scan", "out_of_order")


def parsed(messages) -> list[tuple]:
    """Return (message, event) pairs; the event is None where the payload is no JSON."""
    found = []
    for message in messages:
        try:
            found.append((message, json.loads(message.payload)))
        except json.JSONDecodeError:
            found.append((message, None))
    return found


@pytest.fixture(scope="module")
def received(messages):
    return parsed(messages)


@pytest.fixture(scope="module")
def ledger(simulation):
    return simulation.truth_defects()


@pytest.fixture(scope="module")
def injections(simulation):
    """Every injection with its step, whether or not it came to the topic yet."""
    return [injection for order in simulation.orders_born() for injection in order.defects]


def test_received_is_distinct_plus_duplicates_plus_malformed(received, ledger):
    noted = Counter(row["defect"] for row in ledger)
    copies = Counter((event["source"], event["id"]) for _, event in received if event)
    broken = sum(event is None for _, event in received)
    assert broken == noted["malformed"]
    assert sum(copies.values()) - len(copies) == noted["duplicate"]
    assert len(received) == len(copies) + noted["duplicate"] + noted["malformed"]
    assert set(noted) == set(DEFECTS)


def test_every_event_that_happened_was_sent_unless_the_ledger_says_it_was_withheld(simulation, received, ledger, end):
    sent = {event["id"] for _, event in received if event}
    withheld = {row["event_id"] for row in ledger if row["defect"] == "missing_scan"}
    known = {
        step.event_id
        for order in simulation.orders_born()
        for step in order.steps
        if step.known_at <= end.timestamp() * 1_000_000
    }
    assert known - sent == withheld
    assert not sent - known


def test_copies_are_the_same_bytes(received):
    by_id = {}
    for message, event in received:
        if event:
            assert by_id.setdefault(event["id"], message.payload) == message.payload


def test_a_truncated_copy_is_the_beginning_of_the_good_one_that_follows(simulation):
    for order in simulation.orders_born():
        for injection in order.defects:
            if injection.defect == "malformed":
                first, second = sorted(
                    (delivery for delivery in order.deliveries if delivery.step is injection.step),
                    key=lambda delivery: delivery.observed_at,
                )
                assert (first.observed_at, first.kept_share is None) == (injection.observed_at, False)
                assert (second.observed_at, second.kept_share) == (injection.step.known_at, None)


def test_nothing_is_known_before_it_happened(received):
    for message, event in received:
        if event:
            assert message.observed_at >= datetime.datetime.fromisoformat(event["time"])


def test_only_the_late_ones_are_known_after_an_hour(received, ledger):
    noted = {row["event_id"]: row["defect"] for row in ledger}
    hour = datetime.timedelta(hours=1)
    slow = {"late", "out_of_order", "duplicate", "malformed"}  # a duplicate's second copy, the others' only one
    for message, event in received:
        if event and message.observed_at - datetime.datetime.fromisoformat(event["time"]) > hour:
            assert noted.get(event["id"]) in slow


def test_late_ones_are_late_by_an_hour_to_three_days(injections, assert_rate):
    delays = [item.step.known_at - item.step.event_at for item in injections if item.defect == "late"]
    hours = [delay / 3_600_000_000 for delay in delays]
    assert min(hours) > 1
    assert max(hours) < 72
    assert_rate(sum(count > 24 for count in hours), len(hours), 0.1)


def test_out_of_order_ones_are_known_after_their_successor(simulation):
    for order in simulation.orders_born():
        for injection in order.defects:
            if injection.defect == "out_of_order":
                position = order.steps.index(injection.step)
                successor = next(step for step in order.steps[position + 1 :] if not step.is_withheld)
                assert successor.event_at >= injection.step.event_at
                assert successor.known_at < injection.step.known_at


def test_wrongly_spelled_ones_are_understood_by_the_code_lists(injections):
    places = Counter()
    for injection in injections:
        if injection.defect == "wrong_case":
            step, (event_type, data) = injection.step, injection.step.spelling
            place = injection.detail.split(":")[0]
            places[place] += 1
            sent, meant = (event_type, step.event_type) if place == "type" else (data[place], step.data[place])
            assert sent != meant
            assert codes(place)[sent.strip().lower()] == meant
            assert step.event_type in event_types()
    assert places["type"] > 50
    assert places["carrier"] > 5


def test_each_rate_is_that_of_the_events_that_it_can_befall(simulation, injections, assert_rate):
    found = Counter(item.defect for item in injections)
    steps = [step for order in simulation.orders_born() for step in order.steps]
    scans = sum(source_of()[step.event_type] in ("wms", "carrier") for step in steps)
    for defect, rate in (("duplicate", 0.01), ("malformed", 0.001), ("wrong_case", 0.02), ("late", 0.03)):
        assert_rate(found[defect], len(steps), rate)
    assert_rate(found["missing_scan"], scans, 0.02)
    assert found["out_of_order"] / len(steps) == pytest.approx(0.02 * exposed_share(simulation), rel=0.2)


def exposed_share(simulation) -> float:
    """Return the share of the events whose successor is known soon after them."""
    exposed = total = 0
    for order in simulation.orders_born():
        sent = [step for step in order.steps if not step.is_withheld]
        total += len(sent)
        exposed += sum(
            is_exposed_to_disorder(step.known_at, after.known_at) for step, after in zip(sent, sent[1:], strict=False)
        )
    return exposed / total


def test_an_event_suffers_one_defect_at_most(injections):
    hit = Counter(id(item.step) for item in injections)
    assert set(hit.values()) == {1}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_single_defect_at_a_high_rate_is_the_only_one(end, defect):
    rates = DefectRates(**(dict.fromkeys(DEFECTS, 0.0) | {"late_over_day": 0.0, defect: 0.5}))
    rows = simulate(SimulationParameters(orders=40, days=5, end=end, defects=rates)).truth_defects()
    assert {row["defect"] for row in rows} == {defect}
    assert len(rows) > 20


def test_without_defects_every_event_is_sent_once_and_the_ledger_is_empty(flawless):
    received = parsed(flawless.messages())
    assert None not in [event for _, event in received]
    assert len({event["id"] for _, event in received}) == len(received)
    assert flawless.truth_defects() == []
    assert NO_DEFECTS.thresholds() == dict.fromkeys(DEFECTS, 0.0)


def test_the_messages_of_an_order_keep_its_order_without_defects_but_for_slow_systems(flawless):
    events = sorted(
        ((event["subject"], message.observed_at, event["time"]) for message, event in parsed(flawless.messages()))
    )
    turned = total = 0
    for _, group in groupby(events, key=lambda item: item[0]):
        times = [time for *_, time in group]
        turned += sum(later < earlier for earlier, later in zip(times, times[1:], strict=False))
        total += len(times)
    assert turned / total < 0.03


@pytest.mark.parametrize(
    ("rates", "complaint"),
    [
        ({"duplicate": 1.5}, "the rate duplicate must lie between 0 and 1; got 1.5"),
        ({"late": -0.1}, "the rate late must lie between 0 and 1; got -0.1"),
        ({"late": 0.1, "late_over_day": 0.2}, "late_over_day .0.2. is a part of late .0.1.: lower it"),
        ({"late": 0.6, "duplicate": 0.6}, "must not exceed 1 together"),
    ],
)
def test_impossible_rates_are_refused(rates, complaint):
    with pytest.raises(ValueError, match=complaint):
        DefectRates(**rates)
