"""The commands of the speed layer: the stream in front, in the background as its DAG runs it, or over bronze again."""

from __future__ import annotations

import datetime
import sys
from typing import Annotated

import typer

from pbm360.terminal import (
    EXIT_FAILED,
    console,
    errors,
    open_warehouse,
    progress_bar,
    running_settings,
    set_on_signal,
)

app = typer.Typer()
speed_layer = typer.Typer(help="Start, watch and drain the laptop's stream, as the DAG `speed_layer` does.")
app.add_typer(speed_layer, name="speed-layer")


@app.command()
def stream(
    until_idle_seconds: Annotated[
        float, typer.Option(help="stop once nothing has come for so many seconds (0: run until stopped)")
    ] = 0,
) -> None:
    """Run the pipeline from the topic to bronze and live, until stopped (Ctrl-C, SIGTERM) or idle."""
    from pbm360.memory import share_arenas
    from pbm360.stream.run import run_stream
    from pbm360.stream.shared import StopFlag

    settings = running_settings()
    stop = set_on_signal(StopFlag())
    share_arenas()
    state = run_stream(settings, until_idle_seconds=until_idle_seconds or None, stop=stop, progress=print_stream_state)
    console.print(f"  {state}", highlight=False)


def print_stream_state(state) -> None:
    """Show the stream's rate, lag, backlog and rejects on one line."""
    if console.is_terminal:
        console.print(f"  {state}", end="\r", highlight=False)


@app.command()
def replay(
    first: Annotated[datetime.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first known day, UTC")],
    last: Annotated[datetime.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="last day, included")],
    examples: Annotated[int, typer.Option(min=0, help="differences to print")] = 20,
) -> None:
    """Stream bronze through the same pipeline into scratch datasets and compare; exit 1 where anything differs."""
    from pbm360 import replaying

    settings = running_settings()
    with progress_bar() as progress:
        task = progress.add_task("replaying days", total=max((last - first).days + 1, 0))
        report = replaying.replay(settings, first.date(), last.date(), lambda day, so_far: progress.advance(task))
    for difference in report.differences[:examples]:
        errors.print(f"  {difference.of}: {difference.what}", highlight=False, markup=False)
    counts = f"{report.message_count:,} deliveries = {report.event_count:,} accepted + {report.refused_count:,} refused"
    minutes = f"{report.minute_count:,} counts of a minute"
    console.print(f"  {counts}, {minutes}; {len(report.differences):,} differences", highlight=False)
    if report.differences:
        raise typer.Exit(EXIT_FAILED)


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
    """Stop the stream cleanly: the blocks that are under way are landed, what it pulled beyond them is given back."""
    from pbm360.local import stack

    was_running = stack.stop_process(running_settings(), "stream")
    console.print("  the stream is drained" if was_running else "  the stream did not run")
