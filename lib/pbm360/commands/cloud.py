"""The commands of Google Cloud: prepare what Terraform does not make."""

from __future__ import annotations

import typer

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
