"""The commands that start, show and stop what runs here."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import EXIT_NOT_POSSIBLE, console, running_settings

app = typer.Typer()
GOOD_STATES = ("running", "elsewhere")  # elsewhere: a variable names a server that is not ours to start
STARTED_BY = {  # what is no server, which `pbm360 up` starts
    "stream": "pbm360 speed-layer start",
    "simulate": "pbm360 simulate --no-history --trickle",
    "dashboards": "pbm360 dashboards",
}


@app.command()
def up() -> None:
    """Start the local stack and prepare it: tables, rules, topics, the order-management database. Harmless twice."""
    from pbm360 import broker, medallion, oms
    from pbm360.local import stack
    from pbm360.settings import load_settings
    from pbm360.upgrading import upgrade
    from pbm360.warehouse import Warehouse

    addresses = stack.up(load_settings(), progress=lambda text: console.print(f"  {text}"))
    settings = load_settings()
    warehouse = Warehouse(settings)
    medallion.prepare(warehouse)
    for column in upgrade(warehouse):
        console.print(f"  {column} is new and was added")
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
    stopped = [row.name for row in found if row.state not in GOOD_STATES]
    for line in ways_to_start(stopped):
        console.print(line, highlight=False)
    if stopped:
        raise typer.Exit(EXIT_NOT_POSSIBLE)


def ways_to_start(names: list[str]) -> list[str]:
    """Say by which command each of the processes is started."""
    by_command: dict[str, list[str]] = {}
    for name in names:
        by_command.setdefault(STARTED_BY.get(name, "pbm360 up"), []).append(name)
    return [f"`{command}` starts {', '.join(started)}" for command, started in by_command.items()]


@app.command()
def dashboards(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1 (0: the setting's, else a free one)")] = 0,
) -> None:
    """Serve the dashboards until stopped."""
    from pbm360.dashboards import serve_dashboards

    serve_dashboards(running_settings(), port)


@app.command()
def streamlit(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1 (0: a free one)")] = 0,
) -> None:
    """Serve the dashboards' second front, Streamlit, for many passive viewers, until stopped."""
    from pbm360.streamlit_server import serve_streamlit

    serve_streamlit(running_settings(), port)


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
