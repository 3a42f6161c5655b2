"""The commands that the schedule's tasks run, and that people use to look at its runs."""

from __future__ import annotations

import datetime
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from pbm360.terminal import console, open_warehouse, running_settings

app = typer.Typer()
speed_layer = typer.Typer(help="Start, watch and drain the laptop's stream, as the DAG `speed_layer` does.")
app.add_typer(speed_layer, name="speed-layer")
RUN_COLUMNS = ("day", "status", "started", "seconds", "messages", "orders", "gates")
Day = Annotated[datetime.datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="day, UTC")]


class Layer(StrEnum):
    """The layers after which a gate stands."""

    SILVER = "silver"
    GOLD = "gold"


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


@app.command()
def runs(
    max_runs: Annotated[int, typer.Option("--max", min=1, help="how many, newest first")] = 20,
    html: Annotated[Path | None, typer.Option(help="also write the newest run as a page for stakeholders")] = None,
) -> None:
    """List the batch runs: when, how long, how many rows, what the gates said, where the notebooks are."""
    from pbm360.run_page import write_run_page
    from pbm360.runs import executed_notebooks, list_runs

    warehouse = open_warehouse()
    found = list_runs(warehouse, max_runs)
    table = Table(*(Column(name, no_wrap=name != "gates") for name in RUN_COLUMNS))
    for run in found:
        table.add_row(
            str(run.run_date),
            run.status,
            f"{run.started_at:%m-%d %H:%M}",
            "" if run.duration_seconds is None else f"{run.duration_seconds:.1f}",
            *("" if count is None else f"{count:,}" for count in (run.new_message_count, run.touched_order_count)),
            run.gates,
        )
    console.print(table)
    if found:
        for address in executed_notebooks(warehouse.settings, found[0].run_date):
            console.print(f"  notebook of {found[0].run_date}: {address}", soft_wrap=True)
    if html:
        console.print(f"  page of the newest run: {write_run_page(warehouse, html)}", soft_wrap=True)


@speed_layer.command()
def start() -> None:
    """Start the stream in the background; one that already runs stays."""
    from pbm360.local import stack

    settings = running_settings()
    if any(row.name == "stream" and row.state == "running" for row in stack.status(settings)):
        console.print("  the stream already runs")
        return
    record = stack.spawn(settings, "stream", [sys.executable, "-m", "pbm360", "stream"])
    console.print(f"  the stream runs (pid {record.pid})")


@speed_layer.command()
def watch(
    minutes: Annotated[float, typer.Option(help="how long to watch")] = 1,
    stale_seconds: Annotated[float, typer.Option(help="age of the last heartbeat that fails the watch")] = 300,
) -> None:
    """Watch the stream's heartbeats; exit 1 once the last one is too old."""
    from pbm360.speed import watch_stream

    watch_stream(
        open_warehouse(), minutes=minutes, stale_seconds=stale_seconds, tell=lambda beat: console.print(f"  {beat}")
    )


@speed_layer.command()
def drain() -> None:
    """Stop the stream cleanly: what it has taken is written and acknowledged before it ends."""
    from pbm360.local import stack

    was_running = stack.stop_process(running_settings(), "stream")
    console.print("  the stream is drained" if was_running else "  the stream did not run")
