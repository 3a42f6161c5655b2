"""Watch risk and health: read what the rules look at, keep the book, tell what is to be told."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pbm360 import broker
from pbm360.alerts.book import REST_HOURS, Alert, acknowledge, advance, parse_quiet_hours
from pbm360.alerts.rules import Signal, health_signals, order_signals, source_signals, standing
from pbm360.risk.service import refresh
from pbm360.risk.store import load_model
from pbm360.warehouse import Warehouse


@dataclass(frozen=True)
class Look:
    """What one look at everything changed."""

    opened: tuple[Alert, ...]
    closed: tuple[Alert, ...]
    published: tuple[Alert, ...]
    open_count: int


def read_alerts(warehouse: Warehouse, since: datetime.datetime) -> list[Alert]:
    """Return the open alerts and those closed since an instant, the oldest first."""
    return [Alert(**row) for row in warehouse.run("alerts/alerts.sql", {"since": since}).to_pylist()]


def read_signals(warehouse: Warehouse, now: datetime.datetime) -> Iterator[Signal]:
    """Read what the rules see of orders, stages, carriers and sources."""
    scores = warehouse.query("select * from pbm_serving.order_risk")
    yield from order_signals(scores.to_pandas(), now)
    yield from health_signals(warehouse.run("alerts/health.sql", {"now": now}).to_pandas())
    yield from source_signals(warehouse.run("dashboards/feeds.sql", {"now": now}).to_pandas())


def look(warehouse: Warehouse, now: datetime.datetime) -> Look:
    """Look once: open, close and publish alerts. What is published is kept before it is sent again."""
    known = read_alerts(warehouse, now - datetime.timedelta(hours=REST_HOURS))
    quiet = parse_quiet_hours(warehouse.settings.quiet_hours)
    changed = advance(known, standing(read_signals(warehouse, now)), now, quiet)
    told = {alert.alert_id for alert in known if alert.published_at}
    published = tuple(alert for alert in changed if alert.published_at and alert.alert_id not in told)
    publish(warehouse, published)
    save(warehouse, changed)
    return Look(
        opened=tuple(alert for alert in changed if alert.alert_id not in {one.alert_id for one in known}),
        closed=tuple(alert for alert in changed if alert.closed_at == now),
        published=published,
        open_count=sum(not alert.closed_at for alert in changed),
    )


def take(warehouse: Warehouse, alert_id: str, by: str, now: datetime.datetime) -> Alert:
    """Acknowledge an alert. Raises `ValueError` where there is none of this id, or it can't be taken."""
    found = [alert for alert in read_alerts(warehouse, now) if alert.alert_id == alert_id]
    if not found:
        raise ValueError(f"no open alert {alert_id!r}; `pbm360 alerts list` shows those there are")
    taken = acknowledge(found[0], by, now)
    save(warehouse, [taken])
    return taken


def publish(warehouse: Warehouse, alerts: tuple[Alert, ...]) -> None:
    """Publish alerts to their topic: JSON, with rule, severity and owner as attributes to filter by."""
    settings = warehouse.settings
    messages = [
        (payload(alert), {"rule": alert.rule, "severity": alert.severity, "owner": alert.owner}) for alert in alerts
    ]
    if messages:
        broker.publish_batches(settings, settings.alerts_topic, messages)


def payload(alert: Alert) -> bytes:
    """Return an alert as JSON; instants are RFC 3339."""
    fields = {name: value for name, value in asdict(alert).items() if value is not None}
    return json.dumps(fields, default=lambda instant: instant.isoformat()).encode()


def save(warehouse: Warehouse, alerts: list[Alert]) -> None:
    """Write alerts' rows anew."""
    if alerts:
        warehouse.run("alerts/forget_alerts.sql", {"alert_ids": [alert.alert_id for alert in alerts]})
        warehouse.load_rows("ops.alerts", [asdict(alert) for alert in alerts])


def watch(warehouse: Warehouse, seconds: float, every_seconds: float, stop: threading.Event) -> Iterator[Look]:
    """Refresh the forecasts where there is a model, and look, again and again for so many seconds; yields each look."""
    until = time.monotonic() + seconds
    model = load_model(warehouse)
    while True:
        now = datetime.datetime.now(datetime.UTC)
        if model is not None:
            refresh(warehouse, now, model)
        yield look(warehouse, now)
        if time.monotonic() + every_seconds > until or stop.wait(every_seconds):
            return
