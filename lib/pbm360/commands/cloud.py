"""The commands of Google Cloud: prepare what Terraform does not make, estimate what a month costs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import console

app = typer.Typer()


@app.command()
def prepare() -> None:
    """Make what is missing in the target: tables, views, functions, rules, the order-management database's tables.

    On a laptop `pbm360 up` does the same; on Google Cloud the job `pbm360-prepare` runs this after each delivery.
    """
    from pbm360 import medallion, oms
    from pbm360.terminal import open_warehouse

    warehouse = open_warehouse()
    medallion.prepare(warehouse)
    applied = oms.migrate(warehouse.settings)
    console.print(f"  tables, views and rules stand in {warehouse.settings.project}")
    console.print(f"  order management: {', '.join(applied) or 'no migration was missing'}")


@app.command()
def cost(
    events_per_day: Annotated[float, typer.Option(min=0, help="events of a day, all feeds together")] = 10_000,
    viewers: Annotated[int, typer.Option(min=0, help="people who look at the dashboards at the same time")] = 10,
    history_days: Annotated[int, typer.Option(min=1, help="days of events that lie in the warehouse")] = 365,
    snapshot_seconds: Annotated[float, typer.Option(min=0.2, help="seconds between two reads for dashboards")] = 60,
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
        f"[to verify] (*): not read in a copy of Google's own page: {', '.join(unsure)}.",
        f"Sources: {' '.join(sources)}",
    ]
