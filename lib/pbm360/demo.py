"""Tell the whole story on a laptop: simulate, stream, build, compare with the truth, open the Command Center."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from pbm360.domain.envelope import format_time
from pbm360.settings import Settings, load_settings

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LAYER_CHAPTERS = ("04_bronze", "05_silver", "06_gold")
IDLE_SECONDS = 3  # the stream has drained the history once nothing has come for so long
console = Console()


def instant(text: str) -> datetime.datetime:
    """Parse an RFC 3339 instant into UTC; empty means now, to the second."""
    if not text:
        return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    parsed = datetime.datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"an instant must have an offset, e.g. 2026-11-20T18:00:00Z; got {text!r}")
    return parsed.astimezone(datetime.UTC)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step of the story and how long it took."""
    console.print(f"[bold]{title}[/bold]")
    started = time.monotonic()
    yield
    console.print(f"  [green]done[/green] in {time.monotonic() - started:.1f} s")


def run_demo(*, orders: int, days: int, seed: int, rate: str, open_browser: bool) -> None:
    """Run every step; raises where one fails, so that the exit code says so."""
    started, end = time.monotonic(), instant("")
    world = ["--orders", str(orders), "--days", str(days), "--seed", str(seed), "--end", format_time(end)]
    first_day, last_day = (end - datetime.timedelta(days=days)).date(), end.date()
    with step("1/7 Start the local stack (BigQuery, Pub/Sub, PostgreSQL)"):
        run_command("up")
    with step(f"2/7 Simulate {orders:,} orders over {days} days up to this minute and publish their events"):
        run_command("simulate", *world)
    with step("3/7 Stream them: topic to bronze and live"):
        run_command("stream", "--until-idle-seconds", str(IDLE_SECONDS))
    with step(f"4/7 Build the days {first_day} to {last_day - datetime.timedelta(days=1)}: bronze, silver, gold"):
        run_command("backfill", "--from", str(first_day), "--to", str(last_day - datetime.timedelta(days=1)))
    settings = load_settings()
    with step(f"5/7 Build {last_day} by executing chapters 04, 05 and 06 with papermill"):
        run_chapters(settings, last_day)
    with step("6/7 Compare every order with the simulator's ground truth"):
        run_command("verify")
    with step("7/7 Start the live trickle, the stream and the dashboards"):
        address = start_live(settings, [*world, "--rate", rate, "--no-history", "--trickle"])
    console.print(
        f"\n[bold green]The Operational Command Center is at {address}[/bold green]  "
        f"(after {time.monotonic() - started:.0f} s)\n"
        f"  executed chapters: {settings.state_dir / 'runs'}\n"
        f"  next: `make lab` opens the chapters; `make down` stops everything"
    )
    if open_browser:
        webbrowser.open(address)


def run_command(*arguments: str) -> None:
    """Run a `pbm360` command as its own process; a failure ends the story with its exit code."""
    finished = subprocess.run([sys.executable, "-m", "pbm360", *arguments], check=False)
    if finished.returncode:
        console.print(f"[red]`pbm360 {arguments[0]}` failed[/red]; the story ends here")
        sys.exit(finished.returncode)


def run_chapters(settings: Settings, run_date: datetime.date) -> None:
    """Execute the layers' chapters for a day with papermill; the executed notebooks stay under the state folder."""
    import papermill

    folder = settings.state_dir / "runs" / run_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for name in LAYER_CHAPTERS:
        papermill.execute_notebook(
            NOTEBOOKS / f"{name}.ipynb",
            folder / f"{name}.ipynb",
            parameters={"run_date": run_date.isoformat()},
            cwd=Path.cwd(),
            progress_bar=False,
        )
        console.print(f"  {name} executed: {folder / name}.ipynb")


def start_live(settings: Settings, trickle: list[str]) -> str:
    """Start the trickle, the stream and the dashboards in the background; return the page's address once it answers."""
    from pbm360.dashboards import start_dashboards
    from pbm360.local.stack import spawn

    command = [sys.executable, "-m", "pbm360"]
    spawn(settings, "stream", [*command, "stream"])
    spawn(settings, "simulate", [*command, "simulate", *trickle])
    return start_dashboards(settings)
