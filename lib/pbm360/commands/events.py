"""The command that brings simulated events."""

from __future__ import annotations

import csv
import datetime
import threading
from importlib import resources
from typing import Annotated

import typer

from pbm360.terminal import console, progress_bar, running_settings, set_on_signal

app = typer.Typer()


def scenario_names() -> str:
    """List the scenarios for the help, from their data file: importing the simulator would take seconds."""
    file = resources.files("pbm360") / "simulate" / "data" / "scenarios.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return ", ".join(row["scenario"] for row in csv.DictReader(lines))


@app.command()
def simulate(
    orders: Annotated[int, typer.Option(min=1, help="referrals over the days")] = 5000,
    days: Annotated[int, typer.Option(min=1, help="days up to --end")] = 14,
    end: Annotated[str, typer.Option(help="RFC 3339 instant up to which it is the past (default: now)")] = "",
    seed: Annotated[int, typer.Option(help="the same seed and end give the same bytes")] = 360,
    rate: Annotated[str, typer.Option(help="pace of a trickle: live, fast, or N times real time")] = "live",
    history: Annotated[bool, typer.Option(help="publish what lies before --end")] = True,
    start: Annotated[str, typer.Option(help="RFC 3339 instant at which it begins, in place of --end")] = "",
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"what goes wrong, NAME or NAME@DAY; again for more: {scenario_names()}")
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option(metavar="NAME=RATE", help="rate of one defect, e.g. late=0.1; may be repeated")
    ] = None,
    has_defects: Annotated[bool, typer.Option("--defects/--no-defects", help="damage messages as sources do")] = True,
    trickle: Annotated[bool, typer.Option(help="go on after --end until stopped (Ctrl-C)")] = False,
) -> None:
    """Simulate orders and publish their events: the past as fast as possible, then (--trickle) what comes next."""
    from pbm360 import oms
    from pbm360.simulate import NO_DEFECTS, DefectRates, SimulationParameters
    from pbm360.simulate import simulate as make_simulation
    from pbm360.simulate.clock import parse_rate
    from pbm360.simulate.publish import publish_history, publish_live

    pace = parse_rate(rate)
    parameters = SimulationParameters(
        orders=orders,
        days=days,
        end=end_of_history(start, end, days),
        seed=seed,
        defects=(DefectRates() if has_defects else NO_DEFECTS).changed(defect or []),
        scenarios=tuple(scenario or ()),
    )
    settings = running_settings()
    simulation = make_simulation(parameters)
    if history:
        entities = simulation.entities()
        oms.seed(settings, **vars(entities))
        with progress_bar() as progress:
            task = progress.add_task("publishing events", total=None)
            counts = publish_history(settings, simulation, progress=lambda n: progress.update(task, completed=n))
        injected = ", ".join(f"{count:,} {name}" for name, count in counts.defects.items())
        console.print(f"  {counts.orders:,} orders, {counts.messages:,} messages published; injected: {injected}")
    if trickle:
        console.print(f"  trickle at {pace:g} times real time; Ctrl-C stops it")
        publish_live(settings, simulation, rate=pace, stop_event=set_on_signal(threading.Event()))


def end_of_history(start: str, end: str, days: int) -> datetime.datetime:
    """Return the instant up to which it is the past: `end`, or `days` after `start`; now where neither is given."""
    from pbm360.demo import instant

    if start and end:
        raise ValueError(f"give --start or --end, and --days for the other one; got --start {start} and --end {end}")
    return instant(start) + datetime.timedelta(days=days) if start else instant(end)
