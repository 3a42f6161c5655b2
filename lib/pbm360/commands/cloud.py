"""The commands of Google Cloud: prepare what Terraform does not make, look what is missing, estimate what it costs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import EXIT_FAILED, EXIT_NOT_POSSIBLE, console

app = typer.Typer()
MARKS = {"fine": "[green]fine[/green]", "missing": "[red]missing[/red]", "unknown": "[yellow]unknown[/yellow]"}


class Target(StrEnum):
    """What the doctor looks at."""

    LOCAL = "local"
    GCP = "gcp"


@app.command()
def prepare() -> None:
    """Make what is missing in the target: tables, views, functions, rules, the order-management database's tables.

    On a laptop `pbm360 up` does the same; on Google Cloud the job `pbm360-prepare` runs this after each delivery.
    """
    from pbm360 import medallion, oms
    from pbm360.terminal import open_warehouse
    from pbm360.upgrading import upgrade

    warehouse = open_warehouse()
    medallion.prepare(warehouse)
    added = upgrade(warehouse)
    applied = oms.migrate(warehouse.settings)
    console.print(
        f"  tables, views and rules stand in {warehouse.settings.project}; columns added: {', '.join(added) or 'none'}"
    )
    console.print(f"  order management: {', '.join(applied) or 'no migration was missing'}")


@app.command()
def doctor(
    target: Annotated[Target | None, typer.Option(help="the local stack or Google Cloud (default: as set)")] = None,
    project: Annotated[str, typer.Option(help="Google Cloud project (default: PBM360_PROJECT)")] = "",
) -> None:
    """Look what is missing, and print the command that mends it; every check runs, whatever the others find.

    Exit code 0: all stands; 1: something is missing; 3: something could not be asked.
    """
    settings = _doctors_settings(target, project)
    if settings.target == "gcp":
        from pbm360.cloud.doctor import examine as examine_target
    else:
        from pbm360.local.health import examine_stack as examine_target
    found = examine_target(settings)
    _print_findings(found)
    states = {finding.state for finding in found}
    if "unknown" in states or any(finding.group == "credentials" and finding.state == "missing" for finding in found):
        raise typer.Exit(EXIT_NOT_POSSIBLE)
    if "missing" in states:
        raise typer.Exit(EXIT_FAILED)


def _doctors_settings(target: Target | None, project: str):
    """Return the settings as the options change them: a laptop's own project is not one of Google's."""
    import os

    from pbm360.settings import load_settings

    changes = {"PBM360_TARGET": target.value} if target else {}
    changes |= {"PBM360_PROJECT": project} if project else {}
    return load_settings(dict(os.environ) | changes)


def _print_findings(found: list) -> None:
    table = Table("what", "", "")
    for finding in found:
        table.add_row(f"{finding.group}: {finding.name}", MARKS.get(finding.state, finding.state), finding.detail)
    console.print(table)
    for title, state in (("to mend", "missing"), ("when it can be asked", "unknown"), ("to know", "note")):
        commands = list(dict.fromkeys(item.mend for item in found if item.state == state and item.mend))
        if commands:
            console.print(f"{title}:")
        for command in commands:
            console.print(f"  {command}", highlight=False, markup=False, soft_wrap=True)
    counts = {state: sum(item.state == state for item in found) for state in ("fine", "missing", "unknown")}
    console.print(", ".join(f"{count} {state}" for state, count in counts.items()), highlight=False)


@app.command()
def cost(
    events_per_day: Annotated[float, typer.Option(min=0, help="events of a day, all feeds together")] = 10_000,
    viewers: Annotated[int, typer.Option(min=0, help="people who look at the dashboards at the same time")] = 10,
    history_days: Annotated[int, typer.Option(min=1, help="days of events that lie in the warehouse")] = 365,
    snapshot_seconds: Annotated[float, typer.Option(min=0.2, help="seconds between two reads for dashboards")] = 15,
    regional: Annotated[bool, typer.Option(help="a standby of the database in another zone")] = False,
    items: Annotated[bool, typer.Option(help="show each item with its quantity and why")] = False,
) -> None:
    """Estimate a month on Google Cloud by service, from dated list prices, and say what dominates it."""
    from pbm360.cloud.cost import estimate
    from pbm360.cloud.quantities import Workload

    asked = Workload(
        events_per_day=events_per_day,
        viewers=viewers,
        history_days=history_days,
        snapshot_seconds=snapshot_seconds,
        is_database_regional=regional,
    )
    found = estimate(asked)
    console.print(_items_table(found) if items else _services_table(found), highlight=False)
    console.print(f"  {found.dominated_by()}", highlight=False)
    console.print(
        f"  Queries are paid {found.queries_by}; the other way they would be ${found.other_queries_usd:,.0f}.",
        highlight=False,
    )
    for line in _where_prices_are_from(found):
        console.print(f"  {line}", highlight=False, markup=False)


def _services_table(found) -> Table:
    table = Table("service", "US dollars a month", "share")
    for service, usd in found.by_service().items():
        table.add_row(service, f"{usd:,.2f}", f"{usd / found.usd:.0%}")
    table.add_row("all", f"{found.usd:,.2f}", "", style="bold")
    return table


def _items_table(found) -> Table:
    table = Table("item", "quantity", "US dollars", "why so many")
    for line in sorted(found.lines, key=lambda line: -line.usd):
        price = line.price
        mark = "" if price.is_verified else " *"
        quantity = f"{line.amount:,.2f} {price.unit}, ${price.usd:.10g} each{mark}"
        table.add_row(f"{price.service}: {price.item}", quantity, f"{line.usd:,.2f}", line.basis)
    return table


def _where_prices_are_from(found) -> list[str]:
    prices = {line.price.name: line.price for line in found.lines}
    dates = sorted({price.read_on for price in prices.values()})
    unsure = sorted({price.service for price in prices.values() if not price.is_verified})
    sources = sorted({price.source for price in prices.values()})
    return [
        f"List prices of us-central1 and US in US dollars without discounts, read between {dates[0]} and {dates[-1]}.",
        f"quoted (*): read where others have copied it from Google's page: {', '.join(unsure)}.",
        f"Sources: {' '.join(sources)}",
    ]
