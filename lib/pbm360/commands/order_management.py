"""The command of the order-management database: tell its events."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from pbm360.terminal import console, progress_bar, running_settings, set_on_signal

app = typer.Typer()


@app.command()
def relay(
    until_empty: Annotated[bool, typer.Option("--until-empty", help="stop once nothing is left to publish")] = False,
) -> None:
    """Publish what order management has to tell (its outbox), until stopped: at least once, each order's in order."""
    from pbm360.oms.relay import relay as run_relay
    from pbm360.oms.relay import waiting

    settings = running_settings()
    stop = set_on_signal(threading.Event())
    count, _ = waiting(settings)
    with progress_bar() as progress:
        task = progress.add_task("publishing events", total=count if until_empty else None)
        published = run_relay(settings, stop, until_empty, lambda done: progress.update(task, completed=done))
    left, oldest_seconds = waiting(settings)
    waits = f"; {left:,} wait, the oldest for {oldest_seconds:.0f} s" if left else ""
    console.print(f"  {published:,} events published to {settings.topic}{waits}")
