"""What every command needs: consoles, progress bars, exit codes, the settings once the stack runs, signals."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from pbm360.settings import Settings
    from pbm360.warehouse import Warehouse

EXIT_FAILED = 1  # the work was done and found wrong: a check, a gate, the truth
EXIT_NOT_POSSIBLE = 3  # the work could not be done: a setting, a server that is not running, a bad input
console = Console()
errors = Console(stderr=True)


def progress_bar() -> Progress:
    """Return a progress bar that says what is done, of how much, for how long."""
    return Progress(
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=not console.is_terminal,
    )


def running_settings() -> Settings:
    """Return the settings once the local stack answers; on gcp at once."""
    from pbm360.local.stack import require_running
    from pbm360.settings import load_settings

    settings = load_settings()
    if settings.target == "local":
        require_running(settings)
    return load_settings()


def open_warehouse() -> Warehouse:
    """Return the warehouse of the settings."""
    from pbm360.warehouse import Warehouse

    return Warehouse(running_settings())


def set_on_signal(flag):
    """Let SIGTERM and Ctrl-C set a flag (anything with `set` and `is_set`), and a second one interrupt; returns it."""

    def hear(*_) -> None:
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    return flag
