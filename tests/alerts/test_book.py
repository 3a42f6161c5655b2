"""An alert opens once, closes late, rests after it has closed, and waits through quiet hours unless it wakes."""

import datetime

import pytest

from pbm360.alerts.book import REST_HOURS, QuietHours, acknowledge, advance, parse_quiet_hours
from pbm360.alerts.rules import RULES, Signal

NOON = datetime.datetime(2026, 11, 18, 12, tzinfo=datetime.UTC)
NEVER_QUIET = QuietHours(0, 0)
HOUR = datetime.timedelta(hours=1)


def risk(level: float, subject: str = "A17", rule: str = "order_at_risk") -> dict:
    return {(rule, subject): Signal(rule, subject, level, f"{level:.0%} to miss its SLA")}


def opened(level: float = 0.9, now=NOON, quiet=NEVER_QUIET):
    (alert,) = advance([], risk(level), now, quiet)
    return alert


def test_a_level_that_crosses_the_threshold_opens_one_alert_and_tells_its_owner():
    alert = opened()
    assert (alert.state, alert.owner, alert.published_at) == ("open", RULES["order_at_risk"].owner, NOON)
    assert advance([], risk(0.5), NOON, NEVER_QUIET) == []


def test_the_same_again_is_not_told_again():
    (again,) = advance([opened()], risk(0.95), NOON + HOUR, NEVER_QUIET)
    assert again.alert_id == opened().alert_id
    assert (again.published_at, again.last_seen_at, again.level) == (NOON, NOON + HOUR, 0.95)


def test_it_stays_open_between_the_two_thresholds_and_closes_below():
    (between,) = advance([opened()], risk(0.5), NOON + HOUR, NEVER_QUIET)
    assert between.state == "open"
    (closed,) = advance([between], {}, NOON + 2 * HOUR, NEVER_QUIET)
    assert (closed.state, closed.closed_at) == ("closed", NOON + 2 * HOUR)


def test_what_has_closed_rests_before_it_may_open_again():
    (closed,) = advance([opened()], {}, NOON, NEVER_QUIET)
    assert advance([closed], risk(0.9), NOON + HOUR, NEVER_QUIET) == []
    later = NOON + datetime.timedelta(hours=REST_HOURS + 1)
    assert [alert.opened_at for alert in advance([closed], risk(0.9), later, NEVER_QUIET)] == [later]


def test_in_quiet_hours_an_alert_waits_and_is_told_once_they_end():
    night = QuietHours(11, 14)
    waiting = opened(quiet=night)
    assert waiting.published_at is None
    (told,) = advance([waiting], risk(0.9), NOON + 2 * HOUR, night)
    assert told.published_at == NOON + 2 * HOUR


def test_a_silent_source_wakes():
    (alert,) = advance([], risk(1.0, "Carriers", "source_silent"), NOON, QuietHours(11, 14))
    assert alert.published_at == NOON


def test_one_that_was_taken_is_not_told_any_more_and_stays_open_until_it_is_over():
    taken = acknowledge(opened(quiet=QuietHours(11, 14)), "jo", NOON)
    (seen,) = advance([taken], risk(0.9), NOON + 4 * HOUR, NEVER_QUIET)
    assert (seen.state, seen.acknowledged_by, seen.published_at) == ("acknowledged", "jo", None)
    with pytest.raises(ValueError, match="acknowledged by jo"):
        acknowledge(taken, "kim", NOON)


@pytest.mark.parametrize(("hour", "is_quiet"), [(21, False), (22, True), (3, True), (6, False)])
def test_quiet_hours_may_go_over_midnight(hour, is_quiet):
    assert parse_quiet_hours("22-6").hold(NOON.replace(hour=hour)) == is_quiet


def test_quiet_hours_are_two_hours_of_the_day():
    assert parse_quiet_hours("").hold(NOON) is False
    with pytest.raises(ValueError, match="two hours of the day"):
        parse_quiet_hours("22:00-6")
