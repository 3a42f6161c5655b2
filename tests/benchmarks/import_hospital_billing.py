"""Import a real log end to end, on a stack of its own, and account for every one of its events.

    python -m tests.benchmarks.import_hospital_billing FILE [--mapping hospital_billing] [--every-days 3]

Exit code 0 where received = accepted + duplicate + rejected, and nothing else, for all events that the log holds.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pbm360 import medallion
from pbm360.batch_run import OVERLAP_DAYS
from pbm360.feeds.importer import ImportReport, import_file
from pbm360.local import stack
from pbm360.settings import Settings, load_settings
from pbm360.warehouse import Warehouse

IDLE_SECONDS = 5


def main() -> int:
    """Run every step, print what each took, and return the exit code."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PBM360_STATE_DIR"] = folder
        try:
            timed("start the stack", lambda: run_command("up"))
            return import_and_account(load_settings(), arguments)
        finally:
            stack.down(load_settings())


def import_and_account(settings: Settings, arguments: argparse.Namespace) -> int:
    """Import, stream, build and balance; returns the exit code."""
    report = timed("import", lambda: import_file(settings, arguments.file, Path(arguments.mapping)))
    print(*(f"  {line}" for line in report.lines()), sep="\n")
    timed("stream", lambda: run_command("stream", "--until-idle-seconds", str(IDLE_SECONDS)))
    warehouse = Warehouse(settings)
    days = days_to_build(report, arguments.every_days)
    timed(f"build {len(days)} days", lambda: build_days(warehouse, days))
    return account(warehouse, report)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the log; it is read where it lies, never copied")
    parser.add_argument("--mapping", default="hospital_billing", help="a mapping file, or the name of a shipped one")
    parser.add_argument(
        "--every-days",
        type=int,
        default=3,
        help="where the log's events are known on days of their own; a build covers three",
    )
    return parser.parse_args()


def days_to_build(report: ImportReport, every_days: int) -> list[datetime.date]:
    """Return the days whose builds cover all days of the import; each reads its day and the two before."""
    every_days = min(max(every_days, 1), OVERLAP_DAYS + 1)
    count = (report.last_known_date - report.first_known_date).days + 1
    offsets = range(every_days - 1, count + every_days - 1, every_days)
    return [report.first_known_date + datetime.timedelta(days=offset) for offset in offsets]


def build_days(warehouse: Warehouse, days: list[datetime.date]) -> None:
    started = time.monotonic()
    for number, day in enumerate(days, start=1):
        medallion.build(warehouse, day)
        if number % 20 == 0:
            print(f"  {number} of {len(days)} builds, {(time.monotonic() - started) / number:.2f} s each", flush=True)


def account(warehouse: Warehouse, report: ImportReport) -> int:
    """Print the import's ledger; 0 where it balances."""
    dates = {"first_date": report.first_known_date, "last_date": report.last_known_date}
    ledger = warehouse.run("feeds/import_ledger.sql", {"import_id": report.import_id, **dates}).to_pylist()
    for row in ledger:
        print(f"  {row['message_count']:>8,} {row['verdict']} {row['reason_code']} {row['detail']}")
    received = sum(row["message_count"] for row in ledger)
    unaccounted = sum(row["message_count"] for row in ledger if row["verdict"] == "unaccounted")
    print(f"  {report.published_count:,} published = {received:,} received; {unaccounted:,} unaccounted")
    return 0 if received == report.published_count and not unaccounted else 1


def run_command(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pbm360", *arguments], check=True)


def timed(title: str, step):
    started = time.monotonic()
    result = step()
    print(f"{title}: {time.monotonic() - started:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
