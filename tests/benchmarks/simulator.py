"""Measure how fast the simulator makes messages, and how much memory histories of several lengths take.

What waits for its time fills up over the first four months: a drug for 84 days has its next fill due by then, and a
patient's patience takes another. Behind that memory must stay.
"""

from __future__ import annotations

import datetime
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from pbm360.simulate import SimulationParameters, simulate

END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
ORDERS_A_DAY, DAYS = 1000, (20, 60, 240)  # about 250,000, 1,000,000 and 4,600,000 messages
SAMPLE_MESSAGES = 20_000


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows; each history is made in a process of its own."""
    rows = []
    for days in DAYS:
        command = [sys.executable, "-m", "tests.benchmarks.simulator", str(days)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        what = f"a history of {found['messages']:,} messages, one core"
        rows.append((what, f"{found['seconds']:.0f} s, peak {found['megabytes']} MB"))
    quarters = ", ".join(f"{size:.0f}" for size in found["quarters"])
    return [*rows, (f"memory in the quarters of those {DAYS[-1]} days", f"{quarters} MB")]


def make_history(days: int) -> dict:
    """Make every message of a history and keep none; returns messages, processor seconds and memory (10^6 bytes).

    That is its peak, and its mean in each quarter of the messages.
    """
    started, process, sizes, count = time.process_time(), psutil.Process(), [], 0
    for _ in simulate(SimulationParameters(ORDERS_A_DAY * days, days, END)).messages():
        count += 1
        if count % SAMPLE_MESSAGES == 0:
            sizes.append(process.memory_info().rss / 1e6)
    length = len(sizes) // 4
    quarters = [statistics.mean(sizes[number * length : (number + 1) * length]) for number in range(4)]
    seconds = time.process_time() - started
    return {"messages": count, "seconds": seconds, "megabytes": _peak_bytes() // 1_000_000, "quarters": quarters}


def _peak_bytes() -> int:
    """Return the most memory that this process has held; `getrusage` knows that of the one that started it, too."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    print(json.dumps(make_history(int(sys.argv[1]))))
