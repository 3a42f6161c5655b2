"""Measure how fast the simulator makes messages, and how much memory histories of several lengths take.

What waits for its time fills up over the first three months: a drug for 84 days has its next fill due by then.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from pathlib import Path

from pbm360.simulate import SimulationParameters, simulate

END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
ORDERS_A_DAY, DAYS = 1000, (20, 60, 120)  # about 250,000, 1,000,000 and 2,200,000 messages


def measure() -> list[tuple[str, str]]:
    """Return (what, figure) rows; each history is made in a process of its own."""
    rows = []
    for days in DAYS:
        command = [sys.executable, "-m", "tests.benchmarks.simulator", str(days)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        what = f"a history of {found['messages']:,} messages, one core"
        rows.append((what, f"{found['seconds']:.0f} s, peak {found['megabytes']} MB"))
    return rows


def make_history(days: int) -> dict[str, float]:
    """Make every message of a history and keep none; returns messages, processor seconds and peak memory."""
    started = time.process_time()
    simulation = simulate(SimulationParameters(ORDERS_A_DAY * days, days, END))
    count = sum(1 for _ in simulation.messages())
    return {"messages": count, "seconds": time.process_time() - started, "megabytes": _peak_kilobytes() // 1024}


def _peak_kilobytes() -> int:
    """Return the most memory that this process has held; `getrusage` knows that of the one that started it, too."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    print(json.dumps(make_history(int(sys.argv[1]))))
