"""The commands of the alerts: list them, take one, watch risk and health, receive them as a webhook does."""

from __future__ import annotations

import datetime
import getpass
import threading
from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import console, open_warehouse, running_settings, set_on_signal

app = typer.Typer()
alerts = typer.Typer(help="Be told in time: list alerts, acknowledge one, watch risk and health, receive them.")
app.add_typer(alerts, name="alerts")


@alerts.command(name="list")
def list_alerts(
    hours: Annotated[float, typer.Option(help="also those closed within so many hours")] = 0,
) -> None:
    """List the open alerts, the oldest first."""
    from pbm360.alerts.watch import read_alerts

    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
    table = Table("alert", "state", "severity", "owner", "since", "what")
    for alert in read_alerts(open_warehouse(), since):
        state = f"{alert.state} ({alert.acknowledged_by})" if alert.acknowledged_by else alert.state
        told = "" if alert.published_at else " (not told yet)"
        table.add_row(
            alert.alert_id, state + told, alert.severity, alert.owner, f"{alert.opened_at:%m-%d %H:%M}", alert.message
        )
    console.print(table)


@alerts.command()
def acknowledge(
    alert_id: Annotated[str, typer.Argument(help="the alert, as `pbm360 alerts list` names it")],
    by: Annotated[str, typer.Option(help="who takes it (default: who runs this)")] = "",
) -> None:
    """Take an alert: it stays open, and nobody is told of it again."""
    from pbm360.alerts.watch import take

    taken = take(open_warehouse(), alert_id, by or getpass.getuser(), datetime.datetime.now(datetime.UTC))
    console.print(f"  {taken.alert_id} is taken by {taken.acknowledged_by}")


@alerts.command()
def watch(
    minutes: Annotated[float, typer.Option(help="how long to watch (0: one look)")] = 0,
    every_seconds: Annotated[float, typer.Option(min=1, help="seconds between two looks")] = 60,
) -> None:
    """Score the open orders, look at risk and health, open and close alerts and publish what is to be told."""
    from pbm360.alerts.watch import watch as keep_watching

    stop = set_on_signal(threading.Event())
    for look in keep_watching(open_warehouse(), minutes * 60, every_seconds, stop):
        console.print(
            f"  {look.open_count:,} open: {len(look.opened)} opened, {len(look.closed)} closed, "
            f"{len(look.published)} published",
            highlight=False,
        )


@alerts.command()
def receive(
    minutes: Annotated[float, typer.Option(help="how long to receive")] = 1,
    port: Annotated[int, typer.Option(help="port on 127.0.0.1 (0: a free one)")] = 0,
) -> None:
    """Receive published alerts by a webhook on this machine, as an example: one line each."""
    from pbm360.alerts.webhook import receive as keep_receiving

    stop = set_on_signal(threading.Event())
    keep_receiving(
        running_settings(),
        minutes * 60,
        port,
        stop,
        tell=lambda alert: console.print(
            f"  {alert['severity']}: {alert['message']} ({alert['owner']})", soft_wrap=True
        ),
        listening=lambda url: console.print(f"  listening on {url}"),
    )
