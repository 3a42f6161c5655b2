"""The command line `pbm360`: each command calls one function of the library and says what it did."""

from __future__ import annotations

import sys

import typer

from pbm360.commands import (
    alerts,
    batch,
    cloud,
    dead_letters,
    events,
    feeds,
    look,
    order_management,
    privacy,
    reports,
    risk,
    speed_layer,
    stack,
)
from pbm360.terminal import EXIT_FAILED, EXIT_NOT_POSSIBLE, errors

app = typer.Typer(
    name="pbm360",
    help="PBM Logistics 360: from an order's events to one truthful picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
ROOMS = (
    stack,
    events,
    feeds,
    order_management,
    speed_layer,
    dead_letters,
    batch,
    look,
    reports,
    privacy,
    risk,
    alerts,
    cloud,
)
for room in ROOMS:
    app.add_typer(room.app)


def main() -> None:
    """Run the command line; a known error is one line on standard error and an exit code."""
    from google.api_core.exceptions import GoogleAPICallError
    from psycopg import OperationalError

    from pbm360.broker import BrokerError
    from pbm360.checks import CheckFailed
    from pbm360.dashboards import DashboardsError
    from pbm360.local.stack import StackError
    from pbm360.medallion import BuildError, LedgerError
    from pbm360.risk.leakage import Leak
    from pbm360.risk.service import NoModel
    from pbm360.risk.training import NothingToLearn
    from pbm360.settings import SettingsError
    from pbm360.speed import StreamStale
    from pbm360.stream.only_one import StreamRunning
    from pbm360.stream.retrying import NotSetUp

    try:
        app()
    except (CheckFailed, LedgerError, StreamStale, Leak) as error:
        errors.print(f"[red]failed:[/red] {error}", soft_wrap=True)
        sys.exit(EXIT_FAILED)
    except (
        SettingsError,
        StackError,
        StreamRunning,
        BrokerError,
        DashboardsError,
        BuildError,
        NoModel,
        NotSetUp,
        NothingToLearn,
        GoogleAPICallError,
        OperationalError,
        OSError,
        ValueError,
    ) as error:
        errors.print(f"[red]error:[/red] {error}", soft_wrap=True)
        sys.exit(EXIT_NOT_POSSIBLE)
