"""What happens how often and how long it takes, against the sourced figures (five standard deviations)."""

import ast
import inspect
import math
import statistics
from random import Random

import pytest

from pbm360.simulate import durations, rates
from pbm360.simulate.choices import choose
from pbm360.simulate.clearance import abandonment_chance
from pbm360.simulate.feedback import draw_scores, score_shares

HOUR = 3_600_000_000
UNITS = ("SECOND", "DAY_HOURS", "REPORT_SECONDS_AT_MOST")  # what follows from the clock or from a defect's definition


def has(order, *types) -> bool:
    return any(step.event_type in types for step in order.steps)


def first_at(order, *types) -> int:
    return next(step.event_at for step in order.steps if step.event_type in types)


@pytest.fixture(scope="module")
def orders(simulation):
    return simulation.orders_born()


@pytest.fixture(scope="module")
def examined(orders):
    """First fills whose benefits were looked at."""
    return [order for order in orders if has(order, "benefits_started")]


@pytest.fixture(scope="module")
def shipped(orders):
    return [order for order in orders if has(order, "shipped")]


def test_refills_are_their_share_of_the_referrals(orders, assert_rate):
    referrals = [order for order in orders if not order.is_reship]
    assert_rate(sum(order.kind == "refill" for order in referrals), len(referrals), rates.REFILL_SHARE)


def test_prior_authorizations_are_as_measured(examined, assert_rate):
    asked = [order for order in examined if has(order, "pa_submitted")]
    assert_rate(len(asked), len(examined), 0.737)
    decided = [order for order in asked if has(order, "pa_approved", "pa_denied")]
    assert_rate(sum(has(order, "pa_approved") for order in decided), len(decided), 0.899)


def test_appeals_are_overturned_as_measured(orders, assert_rate):
    decided = [step for order in orders for step in order.steps if step.event_type == "appeal_decided"]
    assert len(decided) > 30
    assert_rate(sum(step.data["decision"] == "approved" for step in decided), len(decided), 83 / 123)


def test_info_holds_and_rework_and_failed_attempts_are_as_assumed(orders, shipped, assert_rate):
    taken_in = [order for order in orders if has(order, "intake_completed")]
    assert_rate(sum(has(order, "info_requested") for order in taken_in), len(taken_in), 0.20)
    assert_rate(sum(has(order, "qa_failed") for order in shipped), len(shipped), 0.01)
    tried = [order for order in shipped if has(order, "delivered")]
    assert_rate(sum(has(order, "attempt_failed") for order in tried), len(tried), 0.04)
    assert_rate(sum(has(order, "returned") for order in shipped), len(shipped), 0.005)
    assert_rate(sum(has(order, "lost") for order in shipped), len(shipped), 0.001)


@pytest.mark.parametrize(("carrier", "on_time"), [("ups", 0.972), ("fedex", 0.953), ("usps", 0.941), ("courier", 0.97)])
def test_carriers_try_the_door_by_the_promised_time_as_measured(shipped, carrier, on_time, assert_rate):
    tried = [order for order in shipped if has(order, "delivered") and carrier_of(order) == carrier]
    kept = sum(first_at(order, "attempt_failed", "delivered") <= promise_of(order) for order in tried)
    assert len(tried) > 50
    assert_rate(kept, len(tried), on_time)


def carrier_of(order) -> str:
    return next(step.data["carrier"] for step in order.steps if step.event_type == "shipped")


def promise_of(order) -> int:
    return next(step.promised_at for step in order.steps if step.event_type == "label_created")


def test_half_of_the_new_patients_wait_four_days_or_more(orders):
    waits = [
        (first_at(order, "filled") - order.created_at) / HOUR / 24
        for order in orders
        if order.kind == "first_fill" and has(order, "filled")
    ]
    assert statistics.median(waits) >= 4


def test_standard_decisions_take_days_and_urgent_ones_one_to_three(orders):
    def waits(priority):
        return [
            (first_at(order, "pa_approved", "pa_denied") - first_at(order, "pa_submitted")) / HOUR / 24
            for order in orders
            if order.priority == priority and has(order, "pa_approved", "pa_denied")
        ]

    assert 4 <= statistics.median(waits("routine")) <= 5.5  # 4 days, then until the insurance works again
    assert 1.5 <= statistics.median(waits("urgent")) <= 3


def test_overnight_transit_takes_a_day(shipped):
    waits = [
        (first_at(order, "attempt_failed", "delivered") - first_at(order, "in_transit")) / HOUR
        for order in shipped
        if has(order, "delivered") and any(step.data.get("service") == "overnight" for step in order.steps)
    ]
    assert 20 <= statistics.median(waits) <= 24


@pytest.mark.parametrize(
    ("duration", "median_hours"),
    [
        (durations.INTAKE, 4),
        (durations.BENEFITS, 8),
        (durations.PRIOR_AUTHORIZATION, 96),
        (durations.COPAY_ASSISTANCE, 24),
        (durations.CLINICAL, 3),
        (durations.SCHEDULING, 24),
        (durations.QUALITY_CHECK, 2),
        (durations.PACKING, 1),
    ],
)
def test_durations_have_the_median_of_the_domain_page(duration, median_hours):
    random = Random(1)
    median = statistics.median(duration.draw(random) for _ in range(4001)) / HOUR
    # The median of n lognormal draws has a standard error of about 1.25 sigma / sqrt(n).
    assert abs(math.log(median / median_hours)) < 5 * 1.25 * duration.sigma / math.sqrt(4001)


def test_a_duration_is_a_second_at_least_and_its_longest_at_most():
    random = Random(1)
    drawn = [durations.Duration(0.001, 3.0, longest_hours=1).draw(random) for _ in range(2000)]
    assert (min(drawn), max(drawn)) == (1_000_000, HOUR)


@pytest.mark.parametrize(
    ("patient_pay_usd", "chance"), [(0, 0.11), (29.99, 0.11), (30, 0.25), (250, 0.25), (251, 0.69)]
)
def test_patients_give_up_by_the_price(patient_pay_usd, chance):
    assert abandonment_chance(patient_pay_usd) == chance


def test_the_shares_of_every_choice_add_up_to_one():
    tables = [value for value in vars(rates).values() if isinstance(value, tuple) and isinstance(value[0], tuple)]
    assert len(tables) == 12
    for table in tables:
        assert sum(option[-1] for option in table) == pytest.approx(1.0), table


@pytest.mark.parametrize("module", [rates, durations])
def test_every_rate_and_duration_has_its_source_beside_it(module):
    lines = inspect.getsource(module).splitlines()
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) not in UNITS:
            above = lines[node.lineno - 2] if lines[node.lineno - 2].startswith("#") else ""
            told = "\n".join([above, *lines[node.lineno - 1 : node.end_lineno]])
            assert "[A]" in told or "[S: " in told, told


def test_options_are_chosen_by_their_share(assert_rate):
    random = Random(1)
    chosen = [choose((("a", 0.2), ("b", 0.8)), random) for _ in range(5000)]
    assert_rate(chosen.count("a"), 5000, 0.2)
    assert choose((("a", "x", 1.0),), random) == ("a", "x")


def test_patients_recommend_as_surveyed_and_less_where_it_went_wrong():
    random = Random(1)

    def score(days_late):
        answers = [draw_scores(days_late, random)[0] for _ in range(4000)]
        assert set(answers) <= set(range(11))
        return 100 * (sum(nps >= 9 for nps in answers) - sum(nps <= 6 for nps in answers)) / len(answers)

    scores = [score(days_late) for days_late in (0, 1, 2, 5)]
    assert 78 <= scores[0] <= 86
    assert scores[1] < 40
    assert scores == sorted(scores, reverse=True)


def test_the_shares_of_scores_follow_the_stated_model():
    assert score_shares(0) == (0.87, 0.05)
    assert score_shares(1) == pytest.approx((0.87 * 0.55, 0.05 + 0.6 * 0.87 * 0.45))
    for days_late in (0.1, 3, 30):
        promoters, detractors = score_shares(days_late)
        assert 0 < promoters < 0.87 and detractors > 0.05 and promoters + detractors < 1


def test_patients_of_late_orders_call_and_complain_more(orders):
    def share_of(*types, late):
        found = [order for order in orders if has(order, "delivered") and is_late(order) == late]
        return sum(has(order, *types) for order in found) / len(found)

    for event_type in ("call", "complaint"):
        assert share_of(event_type, late=True) > 2 * share_of(event_type, late=False)


def is_late(order) -> bool:
    return first_at(order, "delivered") > promise_of(order)


def test_calls_are_answered_as_the_contracts_ask(orders, assert_rate):
    calls = [step.data for order in orders for step in order.steps if step.event_type == "call"]
    answered = [data["wait"] for data in calls if not data["abandoned"]]
    assert_rate(len(calls) - len(answered), len(calls), 0.04)
    assert sum(wait <= 30 for wait in answered) / len(answered) >= 0.77
