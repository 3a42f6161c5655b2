"""The command line `pbm360`: each command calls one function of the library and says what it did."""

from __future__ import annotations

import csv
import datetime
import json
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pbm360 import schedule_commands
from pbm360.terminal import (
    EXIT_FAILED,
    EXIT_NOT_POSSIBLE,
    console,
    errors,
    open_warehouse,
    progress_bar,
    running_settings,
    set_on_signal,
)

GOOD_STATES = ("running", "elsewhere")  # elsewhere: a variable names a server that is not ours to start
app = typer.Typer(
    name="pbm360",
    help="PBM Logistics 360: from an order's events to one truthful picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(schedule_commands.app)


class OutputFormat(StrEnum):
    """How `query` prints its rows."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command()
def up() -> None:
    """Start the local stack and prepare it: tables, rules, topics, the order-management database. Harmless twice."""
    from pbm360 import broker, medallion, oms
    from pbm360.local import stack
    from pbm360.settings import load_settings
    from pbm360.warehouse import Warehouse

    addresses = stack.up(load_settings(), progress=lambda text: console.print(f"  {text}"))
    settings = load_settings()
    medallion.prepare(Warehouse(settings))
    broker.ensure_topics(settings)
    oms.migrate(settings)
    for name, address in addresses.items():
        if name != "oms_dsn":
            console.print(f"  {name:<28} {address}")
    console.print("[green]up[/green]; next: `pbm360 simulate`, or `make demo` for the whole story")


@app.command()
def down() -> None:
    """Stop every process that was started here; the data stay."""
    from pbm360.local import stack
    from pbm360.settings import load_settings

    for line in stack.down(load_settings()):
        console.print(f"  {line}")
    console.print("[green]down[/green]; the data stay in the state folder")


@app.command()
def status() -> None:
    """Show which servers and processes run, where, since when, and how much they hold."""
    from pbm360.local import stack
    from pbm360.settings import load_settings

    table = Table("process", "state", "address", "pid", "uptime", "data")
    found = stack.status(load_settings())
    for row in found:
        colour = "green" if row.state in GOOD_STATES else "red"
        table.add_row(
            row.name, f"[{colour}]{row.state}[/{colour}]", row.address, str(row.pid or ""), row.uptime, row.data_size
        )
    console.print(table)
    if any(row.state not in GOOD_STATES for row in found):
        console.print("`pbm360 up` starts what does not run")
        raise typer.Exit(EXIT_NOT_POSSIBLE)


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
def query(
    sql: Annotated[str, typer.Argument(help="GoogleSQL; datasets by their plain names, e.g. pbm_gold.dim_stages")],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="how to print the rows")] = OutputFormat.TABLE,
    max_rows: Annotated[int, typer.Option(help="rows that a table shows; json and csv print all")] = 100,
) -> None:
    """Run SQL and print its rows."""
    rows = open_warehouse().query(sql)
    if output_format == OutputFormat.JSON:
        for row in rows.to_pylist():
            print(json.dumps(row, default=str))
    elif output_format == OutputFormat.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows(row.values() for row in rows.to_pylist())
    else:
        table = Table(*rows.column_names)
        for row in rows.slice(0, max_rows).to_pylist():
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        console.print(table)
        console.print(f"{rows.num_rows:,} rows" + (f", {max_rows} shown" if rows.num_rows > max_rows else ""))


@app.command()
def simulate(
    orders: Annotated[int, typer.Option(min=1, help="referrals over the days")] = 5000,
    days: Annotated[int, typer.Option(min=1, help="days up to --end")] = 14,
    end: Annotated[str, typer.Option(help="RFC 3339 instant up to which it is the past (default: now)")] = "",
    seed: Annotated[int, typer.Option(help="the same seed and end give the same bytes")] = 360,
    rate: Annotated[str, typer.Option(help="pace of a trickle: live, fast, or N times real time")] = "live",
    history: Annotated[bool, typer.Option(help="publish what lies before --end")] = True,
    trickle: Annotated[bool, typer.Option(help="go on after --end until stopped (Ctrl-C)")] = False,
) -> None:
    """Simulate orders and publish their events: the past as fast as possible, then (--trickle) what comes next."""
    from pbm360 import demo, oms
    from pbm360.simulate import SimulationParameters
    from pbm360.simulate import simulate as make_simulation
    from pbm360.simulate.clock import parse_rate
    from pbm360.simulate.publish import publish_history, publish_live

    pace = parse_rate(rate)
    parameters = SimulationParameters(orders=orders, days=days, end=demo.instant(end), seed=seed)
    settings = running_settings()
    simulation = make_simulation(parameters)
    if history:
        entities = simulation.entities()
        oms.seed(settings, entities.patients, entities.pharmacies, entities.drugs, entities.orders)
        with progress_bar() as progress:
            task = progress.add_task("publishing events", total=None)
            counts = publish_history(settings, simulation, progress=lambda n: progress.update(task, completed=n))
        injected = ", ".join(f"{count:,} {name}" for name, count in counts.defects.items())
        console.print(f"  {counts.orders:,} orders, {counts.messages:,} messages published; injected: {injected}")
    if trickle:
        console.print(f"  trickle at {pace:g} times real time; Ctrl-C stops it")
        publish_live(settings, simulation, rate=pace, stop_event=set_on_signal(threading.Event()))


@app.command(name="import")
def import_log(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz), Parquet or NDJSON")],
    mapping: Annotated[Path, typer.Option(help="YAML that says which column is what")],
) -> None:
    """Turn a log of your own into events on the same topic. Unmapped types are refused before anything is sent."""
    from pbm360.feeds.importer import import_file

    settings = running_settings()
    with progress_bar() as progress:
        task = progress.add_task(f"importing {file.name}", total=None)
        report = import_file(settings, file, mapping, progress=lambda rows: progress.update(task, completed=rows))
    for line in report.lines():
        console.print(f"  {line}")


@app.command()
def stream(
    until_idle_seconds: Annotated[
        float, typer.Option(help="stop once nothing has come for so many seconds (0: run until stopped)")
    ] = 0,
) -> None:
    """Run the pipeline from the topic to bronze and live, until stopped (Ctrl-C, SIGTERM) or idle."""
    from pbm360.stream.run import run_stream
    from pbm360.stream.shared import StopFlag

    settings = running_settings()
    stop = set_on_signal(StopFlag())
    state = run_stream(settings, until_idle_seconds=until_idle_seconds or None, stop=stop, progress=print_stream_state)
    console.print(f"  {state}", highlight=False)


def print_stream_state(state) -> None:
    """Show the stream's rate, lag and rejects on one line."""
    if console.is_terminal:
        console.print(f"  {state}", end="\r", highlight=False)


@app.command()
def dashboards(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1 (0: the setting's, else a free one)")] = 0,
) -> None:
    """Serve the dashboards until stopped."""
    from pbm360.dashboards import serve_dashboards

    serve_dashboards(running_settings(), port)


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, help="orders to simulate")] = 5000,
    days: Annotated[int, typer.Option(min=2, help="days of history")] = 14,
    seed: Annotated[int, typer.Option(help="seed of the simulation")] = 360,
    rate: Annotated[str, typer.Option(help="pace of the trickle, times real time")] = "60",
    browser: Annotated[bool, typer.Option(help="open the page in a browser")] = True,
) -> None:
    """Tell the whole story: simulate, stream, build, compare with the truth, open the Command Center."""
    from pbm360.demo import run_demo

    run_demo(orders=orders, days=days, seed=seed, rate=rate, open_browser=browser)


def main() -> None:
    """Run the command line; a known error is one line on standard error and an exit code."""
    from google.api_core.exceptions import GoogleAPICallError
    from psycopg import OperationalError

    from pbm360.broker import BrokerError
    from pbm360.checks import CheckFailed
    from pbm360.dashboards import DashboardsError
    from pbm360.local.stack import StackError
    from pbm360.medallion import BuildError, LedgerError
    from pbm360.settings import SettingsError
    from pbm360.speed import StreamStale

    try:
        app()
    except (CheckFailed, LedgerError, StreamStale) as error:
        errors.print(f"[red]failed:[/red] {error}", soft_wrap=True)
        sys.exit(EXIT_FAILED)
    except (
        SettingsError,
        StackError,
        BrokerError,
        DashboardsError,
        BuildError,
        GoogleAPICallError,
        OperationalError,
        OSError,
        ValueError,
    ) as error:
        errors.print(f"[red]error:[/red] {error}", soft_wrap=True)
        sys.exit(EXIT_NOT_POSSIBLE)
