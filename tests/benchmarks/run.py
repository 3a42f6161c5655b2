"""Measure everything that `docs/benchmarks.md` shows, in one run, and write that page (`make bench`)."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from pathlib import Path

from tests.benchmarks import dashboards, days, medallion, real_log, risk, scenarios, seam, simulator, stream

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PARTS = {
    "Simulator": simulator.measure,
    "Scenarios": scenarios.measure,
    "Stream": stream.measure,
    "Days": days.measure,
    "Medallion": medallion.measure,
    "Seam": seam.measure,
    "Dashboards": dashboards.measure,
    "Forecast": risk.measure,
    "Forecast of a real log": real_log.measure,
}


def main() -> int:
    """Run every part and write the page."""
    now = datetime.datetime.now(datetime.UTC)
    lines = [
        "# Benchmarks",
        "",
        f"Measured on {now:%d %B %Y} by `make bench`: {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}; servers, stream and clients share the cores.",
    ]
    for title, measure in PARTS.items():
        lines += ["", f"## {title}", "", "| what | measured |", "|---|---|"]
        for what, figure in measure():
            print(f"{what:<62} {figure}", flush=True)
            lines.append(f"| {what} | {figure} |")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(lines) + "\n")
    print(f"written to {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
