"""What is done to messages: each injection in the ledger, no more than that, and what the receiver makes of it."""

import datetime
import json
from collections import Counter, defaultdict
from dataclasses import fields, replace
from itertools import groupby

import pytest

from pbm360.domain.decode import Rejection
from pbm360.domain.envelope import to_instant
from pbm360.domain.rules import codes
from pbm360.simulate import NO_DEFECTS, DefectRates, SimulationParameters, simulate
from pbm360.simulate.defects.rates import EVENT_DEFECTS
from pbm360.simulate.defects.spellings import coded_fields, unknown_spellings

LEDGER_NAMES = {item.name for item in fields(DefectRates)} - {"late_over_day"}
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


def world_of(end, orders=60, days=6, **rates):
    """A small world with some defects and no other."""
    return simulate(SimulationParameters(orders=orders, days=days, end=end, defects=replace(NO_DEFECTS, **rates)))


@pytest.fixture(scope="module")
def ledger(simulation):
    return simulation.truth_defects()


@pytest.fixture(scope="module")
def injections(simulation):
    """Every injection with its order, whether or not it came to the topic yet."""
    return [(order, injection) for order in simulation.orders_born() for injection in order.defects]


def steps_of(injections, defect) -> list:
    return [item.step for _, item in injections if item.defect == defect]


def test_received_is_accepted_plus_duplicates_plus_rejected_as_the_ledger_has_them(judged, ledger):
    noted = Counter(row["defect"] for row in ledger)
    refused = Counter(verdict.reason_code for _, verdict in judged if isinstance(verdict, Rejection))
    accepted = Counter((row["source"], row["event_id"]) for _, row in judged if isinstance(row, dict))
    never_again = Counter(row["defect"] for row in ledger if "refused, not sent again" in row["detail"])
    null_bytes = sum("null_byte" in row["detail"] for row in ledger)
    assert len(judged) == accepted.total() + refused.total()
    assert accepted.total() - len(accepted) == noted["duplicate"] + noted["replayed_batch"]
    assert refused["malformed_json"] == noted["malformed"] + null_bytes
    assert refused["unknown_type"] + refused["unknown_code"] == noted["unknown_code"]
    assert refused["invalid_time"] == never_again["wrong_offset"]
    assert refused["missing_field"] == sum("number_for_time" in row["detail"] for row in ledger)
    assert refused.total() == noted["malformed"] + never_again.total()
    assert set(noted) >= LEDGER_NAMES - {"dst_hour", "reused_id", "after_delivery"}  # seldom; each has its own test


def test_every_event_that_happened_was_accepted_unless_the_ledger_says_what_hides_it(simulation, judged, ledger, end):
    accepted = {row["event_id"] for _, row in judged if isinstance(row, dict)}
    hidden = {
        row["event_id"]
        for row in ledger
        if row["defect"] == "missing_scan" or "refused, not sent again" in row["detail"]
    }
    known = {
        step.event_id for order in simulation.orders_born() for step in order.steps if to_instant(step.known_at) <= end
    }
    invented = {event_id for event_id in accepted if event_id.rpartition("-")[2].startswith("X")}
    assert known - accepted == hidden
    assert accepted - known == invented
    assert len(invented) <= 2 * Counter(row["defect"] for row in ledger)["after_delivery"]


def test_whole_copies_are_the_same_bytes(judged):
    by_id = {}
    for message, row in judged:
        if isinstance(row, dict):
            assert by_id.setdefault(row["event_id"], message.payload) == message.payload


def test_a_truncated_copy_is_followed_by_the_whole_one(injections):
    for order, injection in injections:
        if injection.defect == "malformed":
            told = [delivery for delivery in order.deliveries if delivery.step is injection.step]
            first, second = sorted(told, key=lambda delivery: delivery.observed_at)
            assert (first.observed_at, first.is_refused) == (injection.observed_at, True)
            assert (second.observed_at, second.kept_share) == (injection.step.known_at, None)


def test_nothing_is_known_before_it_happened_but_by_clocks_that_are_ahead(judged, ledger):
    ahead = {row["event_id"] for row in ledger if row["defect"] == "clock_skew" and "late" in row["detail"]}
    for message, row in judged:
        if isinstance(row, dict):
            margin = 5 * MINUTE if row["event_id"] in ahead else 0 * MINUTE
            assert message.observed_at >= row["event_at"] - margin
    assert ahead


def test_what_is_known_after_an_hour_has_a_defect_that_says_why(judged, ledger):
    noted = defaultdict(set)
    for row in ledger:
        noted[row["event_id"]].add(row["defect"])
    slow = {"late", "out_of_order", "duplicate", "replayed_batch", "malformed", "after_delivery", "clock_skew"}
    for message, row in judged:
        if isinstance(row, dict) and message.observed_at - row["event_at"] > HOUR and "-X" not in row["event_id"]:
            assert noted[row["event_id"]] & slow


def test_late_ones_are_late_by_an_hour_to_three_days(injections):
    hours = [(step.known_at - step.event_at) / 3_600_000_000 for step in steps_of(injections, "late")]
    assert min(hours) > 1
    assert 24 < max(hours) < 72


def test_out_of_order_ones_are_known_after_their_successor(injections):
    for order, injection in injections:
        if injection.defect == "out_of_order":
            later = order.steps[order.steps.index(injection.step) + 1 :]
            successor = next(step for step in later if not step.is_withheld)
            assert successor.event_at >= injection.step.event_at
            assert successor.known_at < injection.step.known_at


def test_wrongly_spelled_ones_are_understood_and_unknown_ones_by_no_list(injections):
    places = Counter()
    for _, injection in injections:
        if injection.defect in ("wrong_case", "unknown_code"):
            place, _, sent = injection.detail.removesuffix("; refused, not sent again").partition(": ")
            meant = injection.step.event_type if place == "type" else injection.step.data.get(place)
            understood = codes(place).get(sent.strip().lower())
            assert sent != meant
            if injection.defect == "unknown_code":
                assert understood is None
            elif place != "shift":  # which the drift brings, so that the step itself has none
                assert understood == meant
            places[injection.defect, place] += 1
    assert places["wrong_case", "type"] > 50 and places["wrong_case", "carrier"] > 5
    assert places["unknown_code", "type"] > 10


def test_no_list_has_a_spelling_that_is_called_unknown():
    for place in ("type", *coded_fields()):
        for value in set(codes(place).values()):
            assert not {text.lower() for text in unknown_spellings(place, value)} & set(codes(place))


def test_a_megabyte_is_accepted_and_the_other_poisons_are_refused(end, judge):
    poisoned = world_of(end, poison=0.1)
    noted = Counter(row["detail"].partition(":")[0] for row in poisoned.truth_defects())
    assert set(noted) == {"number_for_time", "null_byte", "megabyte"}
    verdicts = defaultdict(list)
    for message, verdict in judge(poisoned.messages()):
        verdicts[kind_of_poison(message.payload)].append(getattr(verdict, "reason_code", "accepted"))
    assert {kind: len(verdicts[kind]) for kind in noted} == noted
    assert {kind: set(found) for kind, found in verdicts.items()} == {
        "megabyte": {"accepted"},
        "null_byte": {"malformed_json"},
        "number_for_time": {"missing_field"},
        "none": {"accepted"},
    }


def kind_of_poison(payload: bytes) -> str:
    if b"\0" in payload:
        return "null_byte"
    if b'"time":1700000000000' in payload:
        return "number_for_time"
    return "megabyte" if len(payload) > 1_000_000 else "none"


def test_local_times_with_an_offset_name_the_same_instant_and_others_are_refused(end, judge):
    local = world_of(end, wrong_offset=1.0)
    true = {step.event_id: to_instant(step.event_at) for order in local.orders_born() for step in order.steps}
    seen = Counter()
    for message, verdict in judge(local.messages()):
        written = json.loads(message.payload)["time"]
        assert not written.endswith("Z")
        if isinstance(verdict, Rejection):
            assert verdict.reason_code == "invalid_time" and len(written) == len("2026-11-20T09:03:11.250")
        else:
            assert verdict["event_at"] == true[verdict["event_id"]]
        seen[type(verdict)] += 1
    assert len(seen) == 2


def test_the_hour_that_repeats_is_stamped_an_hour_early(judge):
    after_summer_time = datetime.datetime(2026, 11, 3, 17, tzinfo=datetime.UTC)  # it ended on 1 November
    world = world_of(after_summer_time, orders=1500, days=7, dst_hour=1.0)
    rows = {row["event_id"]: row for row in world.truth_defects()}
    assert {row["defect"] for row in rows.values()} == {"dst_hour"}
    assert len(rows) > 2
    for message, verdict in judge(world.messages()):
        if verdict["event_id"] in rows:
            written = json.loads(message.payload)["time"]
            assert verdict["event_at"] == rows[verdict["event_id"]]["event_at"] - HOUR
            assert written[:13] == "2026-11-01T01"
            assert written[-6:] in ("-04:00", "-05:00", "-06:00", "-07:00")


def test_a_scanner_is_off_by_five_minutes_in_all_its_scans_or_in_none(simulation, judged):
    true = {step.event_id: step.event_at for order in simulation.orders_born() for step in order.steps}
    shifts = defaultdict(set)
    for _, row in judged:
        if isinstance(row, dict) and row["scanner_id"]:
            shifts[row["scanner_id"]].add(row["event_at"] - to_instant(true[row["event_id"]]))
    assert all(len(found) == 1 for found in shifts.values())
    assert {shift for found in shifts.values() for shift in found} == {5 * MINUTE, -5 * MINUTE, 0 * MINUTE}


def test_from_the_set_date_on_two_feeds_speak_the_later_schema(simulation, messages, judged, ledger, end):
    drift_date = (end - datetime.timedelta(days=14 * 0.25)).replace(hour=0, minute=0)
    drifted = {row["event_id"] for row in ledger if row["defect"] == "schema_drift"}
    for _, row in judged:
        if isinstance(row, dict):
            assert (row["schema_version"] == 2) is (row["event_id"] in drifted)
    first = min(row["event_at"] for row in ledger if row["defect"] == "schema_drift")
    assert drift_date <= first < drift_date + HOUR * 12
    scans = [
        row for _, row in judged if isinstance(row, dict) and row["schema_version"] == 2 and row["source"] == "wms"
    ]
    assert {row["shift"] for row in scans} == {"day", "evening"}
    assert any(b'"station_id"' in message.payload for message in messages)
    assert all(row["station"] or row["event_type"] == "clinical_verified" for row in scans)


def test_an_orphan_is_sent_as_of_an_order_that_nobody_has(simulation, judged, ledger):
    orders = {order.order_id for order in simulation.orders_born()}
    orphans = {row["event_id"]: row for row in ledger if row["defect"] == "orphan"}
    sent = {row["event_id"]: row["order_id"] for _, row in judged if isinstance(row, dict)}
    assert {event_id: sent[event_id] for event_id in orphans} == {event_id: event_id for event_id in orphans}
    assert not {order_id for event_id, order_id in sent.items() if event_id not in orphans} - orders
    assert not orders & set(orphans)


def test_a_reused_id_is_that_of_an_earlier_finished_order_of_another_patient(end):
    world = world_of(end, orders=500, days=12, reused_id=0.2)
    by_id = {order.order_id: order for order in world.orders_born()}
    reused = [order for order in by_id.values() if order.reported_as]
    assert len(reused) > 20
    assert len({order.reported_as for order in reused}) == len(reused)
    for order in reused:
        earlier = by_id[order.reported_as]
        assert earlier.patient_id != order.patient_id
        assert not earlier.reported_as and not order.is_reship
        scans = [item.observed_at for item in earlier.deliveries if "patient_id" not in item.step.data]
        assert max(scans, default=0) < order.created_at
    sent = {json.loads(message.payload)["subject"] for message in world.messages()}
    assert not sent & {order.order_id for order in reused}


def test_after_its_delivery_an_order_is_cancelled_or_corrected(end, judge):
    world = world_of(end, orders=400, days=12, after_delivery=1.0)
    kinds = Counter(row["detail"].split(" after ")[0].split(",")[0].split(" ")[0] for row in world.truth_defects())
    assert set(kinds) == {"cancelled", "a", "told"} and min(kinds.values()) > 20
    rows = [row for _, row in judge(world.messages())]
    reasons = Counter(row["correction_reason"] for row in rows if row["correction_reason"])
    assert set(reasons) == {"did_not_occur", "incorrect_data"}
    ids = {row["event_id"] for row in rows}
    assert {row["corrects_id"] for row in rows if row["corrects_id"]} <= ids


def test_an_ndc_that_lost_its_zero_is_repaired(end, judge):
    world = world_of(end, lost_zero=1.0)
    drugs = {order.order_id: order.drug.drug_ndc for order in world.orders_born()}
    short = 0
    for message, row in judge(world.messages()):
        sent = json.loads(message.payload)["data"].get("drug_ndc")
        short += sent is not None and len(sent) == 10
        assert row["drug_ndc"] in (None, drugs[row["order_id"]])
    assert short == len(world.truth_defects()) > 50


def test_a_replayed_batch_is_all_that_its_source_sent_in_a_quarter_of_an_hour(end):
    world = world_of(end, orders=600, days=12, replayed_batch=0.2)
    quarter = 15 * 60 * 1_000_000
    again = {row["event_id"] for row in world.truth_defects(end + 3 * HOUR)}
    batches = defaultdict(set)
    for order in world.orders_born():
        for step in order.steps:
            if to_instant(step.known_at) <= end:
                batches[step.event_type in ("delivered", "in_transit"), step.known_at // quarter].add(step.event_id)
    scans = [ids for (is_carrier, _), ids in batches.items() if is_carrier]
    assert all(not ids & again or ids <= again for ids in scans)
    assert any(ids <= again for ids in scans)


def test_an_event_suffers_one_drawn_defect_at_most(injections):
    hit = Counter(id(item.step) for _, item in injections if item.defect in (*EVENT_DEFECTS, "replayed_batch"))
    assert set(hit.values()) == {1}


@pytest.mark.parametrize("defect", sorted(LEDGER_NAMES - {"dst_hour"}))
def test_a_single_defect_at_a_high_rate_is_the_only_one(end, defect):
    rows = world_of(end, **{defect: 0.5}).truth_defects()
    assert {row["defect"] for row in rows} == {defect}
    assert len(rows) > 1


def test_without_defects_every_event_is_sent_once_and_the_ledger_is_empty(flawless, judge):
    rows = [row for _, row in judge(flawless.messages())]
    assert len({row["event_id"] for row in rows}) == len(rows)
    assert flawless.truth_defects() == flawless.knowable_orders() == []
    assert set(NO_DEFECTS.by_name().values()) == {0.0}


def test_the_messages_of_an_order_keep_its_order_without_defects_but_for_slow_systems(flawless, receive):
    events = sorted((row["order_id"], row["known_at"], row["event_at"]) for row in receive(flawless.messages()))
    turned = total = 0
    for _, group in groupby(events, key=lambda item: item[0]):
        times = [time for *_, time in group]
        turned += sum(later < earlier for earlier, later in zip(times, times[1:], strict=False))
        total += len(times)
    assert turned / total < 0.03
