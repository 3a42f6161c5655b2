"""Keep the book of alerts: open, seen again, closed, taken. Each subject of a rule has one open alert at most."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pbm360.alerts.rules import RULES, Signal

REST_HOURS = 12.0  # after an alert has closed none of its rule and subject opens for so long


@dataclass(frozen=True)
class Alert:
    """One alert: a row of pbm_ops.alerts. Instants are UTC."""

    alert_id: str
    rule: str
    subject: str
    severity: str
    message: str
    level: float
    owner: str
    opened_at: datetime.datetime
    last_seen_at: datetime.datetime
    closed_at: datetime.datetime | None = None
    acknowledged_at: datetime.datetime | None = None
    acknowledged_by: str | None = None
    published_at: datetime.datetime | None = None

    @property
    def state(self) -> str:
        """`closed`, `acknowledged` or `open`."""
        return "closed" if self.closed_at else "acknowledged" if self.acknowledged_at else "open"


@dataclass(frozen=True)
class QuietHours:
    """Hours of the day (UTC) in which only what wakes is told: from `first` up to `end`; equal means never."""

    first: int
    end: int

    def hold(self, now: datetime.datetime) -> bool:
        """Tell whether it is quiet at an instant."""
        hour = now.astimezone(datetime.UTC).hour
        if self.first <= self.end:
            return self.first <= hour < self.end
        return hour >= self.first or hour < self.end


def parse_quiet_hours(text: str) -> QuietHours:
    """Read `22-6`; empty means never. Raises `ValueError`."""
    if not text:
        return QuietHours(0, 0)
    first, dash, end = text.partition("-")
    if not (dash and first.isdigit() and end.isdigit() and int(first) < 24 and int(end) < 24):
        raise ValueError(f"quiet hours are two hours of the day in UTC, e.g. 2-10; got {text!r}")
    return QuietHours(int(first), int(end))


def advance(
    alerts: Iterable[Alert], signals: Mapping[tuple[str, str], Signal], now: datetime.datetime, quiet: QuietHours
) -> list[Alert]:
    """Return the alerts that change: seen again, closed, opened, and those whose time to be told has come.

    `alerts` are the open ones and those closed within `REST_HOURS`; `signals` are `rules.standing`. An alert that is
    to be told has `published_at` set to `now`; one that was taken before it could be told is not told any more.
    """
    known = list(alerts)
    changed = [_seen(alert, signals.get((alert.rule, alert.subject)), now) for alert in known if not alert.closed_at]
    resting = {
        (alert.rule, alert.subject)
        for alert in known
        if not alert.closed_at or now - alert.closed_at < datetime.timedelta(hours=REST_HOURS)
    }
    opened = [
        _opened(signal, now)
        for key, signal in signals.items()
        if key not in resting and signal.level >= RULES[signal.rule].opens_at
    ]
    return [_told(alert, now, quiet) for alert in changed + opened]


def acknowledge(alert: Alert, by: str, now: datetime.datetime) -> Alert:
    """Return an alert that somebody has taken. Raises `ValueError` where it is closed or taken already."""
    if alert.state != "open":
        taken = f"{alert.state} by {alert.acknowledged_by}" if alert.acknowledged_by else alert.state
        raise ValueError(f"alert {alert.alert_id} is {taken}; only an open one can be acknowledged")
    return replace(alert, acknowledged_at=now, acknowledged_by=by)


def _seen(alert: Alert, signal: Signal | None, now: datetime.datetime) -> Alert:
    if signal is None:
        return replace(alert, closed_at=now)
    return replace(alert, last_seen_at=now, level=signal.level, message=signal.message)


def _opened(signal: Signal, now: datetime.datetime) -> Alert:
    rule = RULES[signal.rule]
    name = f"{signal.rule}/{signal.subject}/{now:%Y%m%dT%H%M%S}"
    return Alert(name, signal.rule, signal.subject, rule.severity, signal.message, signal.level, rule.owner, now, now)


def _told(alert: Alert, now: datetime.datetime, quiet: QuietHours) -> Alert:
    is_due = alert.state == "open" and alert.published_at is None
    may_tell = RULES[alert.rule].wakes or not quiet.hold(now)
    return replace(alert, published_at=now) if is_due and may_tell else alert
