"""Map a long log to events and measure the memory that it takes: it must not grow with the file.

    python -m tests.benchmarks.import_memory [--megabytes 200] [--without-ids]

Both readings of an import are made, without the broker: survey, then the events that would be published. Each size runs
in a process of its own. Exit code 0 where the large log takes at most 1.25 times the memory of one a tenth its size.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pbm360.feeds.mapping import load_mapping
from pbm360.feeds.survey import numbered_events, survey_log

HEADER = "scan_id,order_id,station,scanner_id,scan_code,scanned_at,badge\n"
CODES = ("PICK", "FILL", "QA OK", "PACK", "LABEL", "SHIP")
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MOST_GROWTH = 1.25


def main() -> int:
    """Measure both sizes, print them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--without-ids", action="store_true", help="as if the log had no column of ids")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)  # what the child process reads
    arguments = parser.parse_args()
    if arguments.file:
        return read(arguments.file, arguments.without_ids)
    sizes = (max(arguments.megabytes // 10, 1), arguments.megabytes)
    peaks = [measure(megabytes, arguments.without_ids) for megabytes in sizes]
    print(f"grew by {peaks[1] / peaks[0]:.2f} where the file grew by 10")
    return 0 if peaks[1] <= MOST_GROWTH * peaks[0] else 1


def measure(megabytes: int, without_ids: bool) -> int:
    """Write a log of that size, read it in another process and return its peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scans.csv"
        row_count = write(path, megabytes * 1_000_000)
        started = time.monotonic()
        command = [sys.executable, "-m", "tests.benchmarks.import_memory", "--file", str(path)]
        command += ["--without-ids"] * without_ids
        peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{megabytes} MB, {row_count:,} rows: {time.monotonic() - started:.0f} s, peak {peak} MB", flush=True)
    return peak


def write(path: Path, size: int) -> int:
    with path.open("w") as lines:
        written, number = lines.write(HEADER), 0
        while written < size:
            scanned_at = (START + datetime.timedelta(seconds=number)).isoformat()
            code = CODES[number % len(CODES)]
            written += lines.write(f"{number},{10_000_000 + number // 6},BENCH-1,GUN-07,{code},{scanned_at},b17\n")
            number += 1
    return number


def read(path: Path, without_ids: bool) -> int:
    mapping = load_mapping(Path("scanner_log"))
    if without_ids:
        mapping = dataclasses.replace(mapping, event_id=None)
    survey = survey_log(path, mapping)
    published = sum(1 for event_id, event in numbered_events(path, mapping, survey) if event.payload(event_id))
    assert published == survey.event_count == survey.row_count
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
