"""Measure everything that `docs/benchmarks.md` shows, in one run, and write that page (`make bench`).

`python -m tests.benchmarks.run stream seam` measures those parts alone and leaves the others' figures as they are: each
part says when it was measured.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks import (
    chaos,
    dashboards,
    days,
    fuzz,
    medallion,
    real_log,
    risk,
    scenarios,
    seam,
    simulator,
    soak,
    stream,
)

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PARTS = {
    "Simulator": simulator.measure,
    "Scenarios": scenarios.measure,
    "Stream": stream.measure,
    "Chaos": chaos.measure,
    "Fuzz": fuzz.measure,
    "Soak": soak.measure,
    "Days": days.measure,
    "Medallion": medallion.measure,
    "Seam": seam.measure,
    "Dashboards": dashboards.measure,
    "Forecast": risk.measure,
    "Forecast of a real log": real_log.measure,
}
HEAD = """# Benchmarks

Each part was measured by `make bench`, or alone by `python -m tests.benchmarks.run PART`, on the day that it names; the
last two, which need Java, by the commands that they name.
Servers, stream and clients share the cores.
"""


def main(wanted: list[str]) -> int:
    """Measure the parts that are named, or all of them, and write their sections of the page."""
    unknown = set(wanted) - {title.lower() for title in PARTS}
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}", file=sys.stderr)
        print(f"parts are {', '.join(map(str.lower, PARTS))}", file=sys.stderr)
        return 2
    sections = read_sections(PAGE.read_text() if PAGE.exists() else "")
    for title, measure in PARTS.items():
        if not wanted or title.lower() in wanted:
            sections[title] = section(title, told(measure()))
            write_page(sections)  # each part is kept, whatever becomes of the next
    return 0


def told(rows: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Print rows as they come."""
    for what, figure in rows:
        print(f"{what:<62} {figure}", flush=True)
        yield what, figure


def section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return the section of a part: when and where it was measured, and its rows."""
    lines = [f"| {what} | {figure} |" for what, figure in rows]
    now = datetime.datetime.now(datetime.UTC)
    where = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return "\n".join(
        [f"## {title}", "", f"{now:%d %B %Y}, {where}.", "", "| what | measured |", "|---|---|", *lines, ""]
    )


def read_sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their titles."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}


def write_page(sections: dict[str, str]) -> None:
    """Write the page, its sections in the order of the parts; then those of other programs (`make test-flink`)."""
    PAGE.parent.mkdir(exist_ok=True)
    others = [title for title in sections if title not in PARTS]
    PAGE.write_text("\n".join([HEAD, *(sections[title] for title in [*PARTS, *others] if title in sections)]))


if __name__ == "__main__":
    sys.exit(main([argument.lower() for argument in sys.argv[1:]]))
