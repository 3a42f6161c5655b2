"""The commands of the batch layer: days are built, gated, published, compared with the truth."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import typer

from pbm360.terminal import EXIT_FAILED, console, errors, open_warehouse, progress_bar

app = typer.Typer()
Day = Annotated[datetime.datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="day, UTC")]


class Layer(StrEnum):
    """The layers after which a gate stands."""

    SILVER = "silver"
    GOLD = "gold"


@app.command(name="build")
def build_day(
    date: Annotated[datetime.datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="day to build, UTC")],
) -> None:
    """Build one day: bronze, silver, gold, the gates, one publication. Repeating it changes nothing."""
    from pbm360 import medallion

    _print_report(medallion.build(open_warehouse(), date.date()))


@app.command()
def backfill(
    first: Annotated[datetime.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first day, UTC")],
    last: Annotated[datetime.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="last day, included")],
) -> None:
    """Build a range of days, in order."""
    from pbm360 import medallion

    warehouse = open_warehouse()
    with progress_bar() as progress:
        task = progress.add_task("building days", total=max((last - first).days + 1, 0))

        def built(report: medallion.BuildReport) -> None:
            progress.advance(task)
            _print_report(report)

        medallion.backfill(warehouse, first.date(), last.date(), built)


@app.command(name="catch-up")
def catch_up() -> None:
    """Look through all of bronze for messages that no build has accounted for, and build their days."""
    from pbm360 import medallion

    count = medallion.catch_up(open_warehouse(), _print_report)
    console.print(f"{count:,} messages had been left behind" if count else "no message was left behind")


def _print_report(report) -> None:
    console.print(
        f"  {report.run_date}  {report.new_message_count:>8,} messages = {report.accepted_count:,} accepted + "
        f"{report.rejected_count:,} duplicate or rejected; {report.touched_order_count:,} orders; "
        f"{report.seconds:.1f} s",
        highlight=False,
    )


@app.command()
def verify() -> None:
    """Compare every simulated order in gold with the simulator's ground truth; exit 1 where they differ."""
    from pbm360 import checks

    warehouse = open_warehouse()
    orders = warehouse.query("select count(*) as order_count from pbm_truth.orders").to_pylist()[0]["order_count"]
    found = [result for result in checks.compare_with_truth(warehouse) if result.failing_row_count]
    for result in found:
        errors.print(f"  [red]{result.check_name}[/red]: {result.failing_row_count} orders, e.g. {result.example}")
    differences = sum(result.failing_row_count for result in found)
    console.print(f"  {orders:,} orders compared with the ground truth: {differences} differences")
    if found or not orders:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def gate(date: Day, layer: Annotated[Layer, typer.Option(help="layer whose gate is asked")]) -> None:
    """Ask whether the last run of a day may go on after a layer; exit 1 where a check failed or never ran."""
    from pbm360.gates import pass_gate

    count = pass_gate(open_warehouse(), date.date(), layer.value)
    console.print(f"  the gate after {layer.value} of {date.date()} is open: {count} files of checks passed")


@app.command()
def publish(date: Day) -> None:
    """Publish what the last run of a day has staged, in one transaction, and balance the ledger."""
    from pbm360 import medallion

    warehouse = open_warehouse()
    run = medallion.current_run(warehouse, date.date())
    ledger = medallion.publish(warehouse, run)
    received = sum(row["received_count"] for row in ledger)
    console.print(f"  run {run.run_id} is published; {received:,} messages of the day, each accounted for")


@app.command()
def snapshot(date: Day) -> None:
    """Land the order-management database as the snapshot of a day, in place of an earlier one of that day."""
    from pbm360 import oms

    warehouse = open_warehouse()
    counts = oms.land_snapshot(warehouse, warehouse.settings, date.date())
    console.print(f"  {date.date()}: " + ", ".join(f"{count:,} {entity}" for entity, count in counts.items()))
