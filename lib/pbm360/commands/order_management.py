"""The commands of order management: tell its events, hold its drugs against the FDA's."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from pbm360.terminal import EXIT_FAILED, console, progress_bar, running_settings, set_on_signal

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


@app.command("drug-catalog")
def drug_catalog(
    products: Annotated[Path, typer.Argument(help="Products.txt of Drugs@FDA, or .gz", exists=True, dir_okay=False)],
) -> None:
    """Hold the pharmacies' drugs against Drugs@FDA: name, form and strength; exit 1 where one is not in it so."""
    from pbm360.simulate.drug_catalog import differences, read_products
    from pbm360.simulate.world import drugs

    found = differences(read_products(products))
    for line in found:
        console.print(f"  {line}", highlight=False)
    console.print(f"  {len(drugs())} drugs, {len(found)} not as in {products.name}; their NDCs are synthetic")
    if found:
        raise typer.Exit(EXIT_FAILED)
