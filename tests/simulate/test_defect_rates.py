"""The rates: what is found in the output is what the parameters say; impossible ones are refused."""

from collections import Counter
from random import Random

import pytest

from pbm360.simulate import DefectRates
from pbm360.simulate.defects import is_exposed_to_disorder
from pbm360.simulate.defects.replays import BATCH
from pbm360.simulate.defects.reused_ids import ReusedIds
from pbm360.simulate.world import source_of

RATES = DefectRates()


@pytest.fixture(scope="module")
def orders(simulation):
    return simulation.orders_born()


@pytest.fixture(scope="module")
def found(orders):
    """How many injections of each defect there are, whether or not they came to the topic yet."""
    return Counter(item.defect for order in orders for item in order.defects)


@pytest.fixture(scope="module")
def steps(orders):
    return [step for order in orders for step in order.steps]


@pytest.mark.parametrize(
    "defect", ["duplicate", "late", "wrong_case", "unknown_code", "malformed", "poison", "wrong_offset", "orphan"]
)
def test_what_can_befall_any_event_befalls_its_share_of_all(defect, found, steps, assert_rate):
    assert_rate(found[defect], len(steps), getattr(RATES, defect))


def test_some_of_the_late_ones_are_late_by_more_than_a_day(orders, found, assert_rate):
    late = [item.step for order in orders for item in order.defects if item.defect == "late"]
    over_day = sum(step.known_at - step.event_at > 24 * 3_600_000_000 for step in late)
    assert_rate(over_day, found["late"], RATES.late_over_day / RATES.late)


def test_scans_are_missing_by_their_share(found, steps, assert_rate):
    scans = sum(source_of()[step.event_type] in ("wms", "carrier") for step in steps)
    assert_rate(found["missing_scan"], scans, RATES.missing_scan)


def test_codes_that_begin_with_zero_lose_it_by_their_share(found, steps, assert_rate):
    zeros = sum(str(step.data.get("drug_ndc", "")).startswith("0") for step in steps)
    assert zeros > 1000
    assert_rate(found["lost_zero"], zeros, RATES.lost_zero)


def test_scanners_are_off_by_their_share(orders, steps, assert_rate):
    scanners = {step.data["scanner_id"] for step in steps if "scanner_id" in step.data}
    off = {item.step.data["scanner_id"] for order in orders for item in order.defects if item.defect == "clock_skew"}
    assert_rate(len(off), len(scanners), RATES.clock_skew)


def test_batches_come_again_by_their_share(orders, assert_rate):
    batches, again = set(), set()
    for order in orders:
        hit = {id(item.step) for item in order.defects}
        again |= {batch_of(item.step) for item in order.defects if item.defect == "replayed_batch"}
        batches |= {batch_of(step) for step in order.steps if id(step) not in hit}
    assert_rate(len(again), len(batches | again), RATES.replayed_batch)


def batch_of(step) -> tuple:
    return source_of()[step.event_type], step.known_at // BATCH


def test_delivered_orders_are_corrected_by_their_share(orders, found, assert_rate):
    delivered = sum(any(step.event_type == "delivered" for step in order.steps) for order in orders)
    assert_rate(found["after_delivery"], delivered, RATES.after_delivery)


class CountingRandom(Random):
    """A random stream that counts its draws."""

    draws = 0

    def random(self):
        self.draws += 1
        return super().random()


def test_ids_are_reused_by_their_share_of_the_orders_that_find_one(flawless, assert_rate):
    random = CountingRandom(1)
    ids = ReusedIds(0.05, random)
    hits = 0
    for order in flawless.orders_born():
        hits += ids.draw(order) is not None
        ids.remember(order)
    assert random.draws > 300
    assert_rate(hits, random.draws - hits, 0.05)  # a hit draws whose id, too


def test_events_are_known_out_of_order_by_their_share_of_those_that_can_be(orders, found, steps):
    exposed = total = 0
    for order in orders:
        sent = [step for step in order.steps if not step.is_withheld]
        total += len(sent)
        exposed += sum(
            is_exposed_to_disorder(step.known_at, after.known_at) for step, after in zip(sent, sent[1:], strict=False)
        )
    assert found["out_of_order"] / len(steps) == pytest.approx(RATES.out_of_order * exposed / total, rel=0.2)


def test_a_wrong_rate_is_seen(assert_rate):
    with pytest.raises(AssertionError, match="0.03000 instead of 0.02000"):
        assert_rate(1200, 40_000, 0.02)


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


def test_rates_are_set_by_text():
    changed = RATES.changed(["late=0.1", "poison=0", "late=0.2"])
    assert (changed.late, changed.poison, changed.duplicate) == (0.2, 0.0, RATES.duplicate)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lateness=0.1", "a defect must be one of duplicate, replayed_batch, .*; got 'lateness'"),
        ("late", "the rate of late must be a number from 0 to 1, e.g. late=0.01; got ''"),
        ("late=2", "the rate late must lie between 0 and 1; got 2.0"),
    ],
)
def test_a_wrong_text_is_refused_with_what_was_expected(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        RATES.changed([text])
