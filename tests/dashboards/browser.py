"""Find a browser for the tests, install Debian's where that is possible, and record what a page does."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

PATIENCE_SECONDS = 120  # a machine that runs two suites at once is slow
READ_CHART = """(key) => document.querySelector(`[data-testid="panel-${key}"] .js-plotly-plot`).data"""
CHART_FITS = """(key) => {
    const panel = document.querySelector(`[data-testid="panel-${key}"]`);
    const [card, area] = [panel, panel.querySelector(".plot-area")].map((node) => node.getBoundingClientRect());
    const chart = panel.querySelector(".main-svg").getBoundingClientRect();
    if (chart.left < card.left || chart.right > card.right || chart.width < card.width - 60) return false;
    const texts = [...panel.querySelectorAll(".main-svg text")].filter((node) => node.textContent.trim());
    return texts.map((node) => node.getBoundingClientRect()).every(
        ({ left, right, top, bottom, width }) => !width
            || (left >= area.left - 2 && right <= area.right + 2 && top >= area.top - 2 && bottom <= area.bottom + 2),
    );
}"""
PHONE_PIXELS = 640  # up to so wide, a table's row is a card, and nobody scrolls to its side
TABLES_FIT = """() => [...document.querySelectorAll(".table-scroll, td")]
    .every((node) => !node.checkVisibility() || node.scrollWidth <= node.clientWidth + 1)"""
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
INKS = {"light": "#1f2937", "dark": "#e5eaf1"}
INKED = """(ink) => [...document.querySelectorAll(".js-plotly-plot")]
    .every((node) => !node.checkVisibility() || node.layout.font.color === ink)"""
SCREENSHOTS = Path(__file__).parents[2] / ".pbm360" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)
HOW = "install one: `apt-get install -y chromium` as root, or `.venv/bin/playwright install chromium`"
LOOPBACK = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:http://127.0.0.1:", "data:")


def find_browser(playwright) -> str:
    """Return a browser's path: the system's, one installed now by apt (as root), or Playwright's own."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *step], check=False, capture_output=True)
        found = shutil.which("chromium")
    if found is None:
        own = Path(playwright.chromium.executable_path)
        found = str(own) if own.exists() else None
    if found is None:
        pytest.fail(f"no browser for the page's tests; {HOW}")
    return found


def agree(shown: Callable[[], object], expected: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Ask the page and the warehouse until they say the same.

    A page's background may be a quarter of a minute behind, and an hour may end between the two.
    """
    deadline = time.monotonic() + seconds
    while (seen := shown()) != (counted := expected()):
        assert time.monotonic() < deadline, f"the page shows {seen!r}, and the query says {counted!r}"
        time.sleep(0.5)


def bars(page, key):
    """Return a chart's bars: the length by the label."""
    found = {}
    for trace in page.evaluate(READ_CHART, key):
        if trace["type"] == "bar":
            labels, lengths = (trace["y"], trace["x"]) if trace.get("orientation") == "h" else (trace["x"], trace["y"])
            found |= dict(zip(labels, lengths, strict=True))
    return found


def accessibility_faults(page, scheme: str, *parts: str) -> list[str]:
    """Return which rules of WCAG 2.1 AA the page (or parts of it) breaks, once its charts wear the theme's ink."""
    page.wait_for_function(INKED, arg=INKS[scheme])
    found = Axe().run(page, context={"include": [[part] for part in parts]} if parts else None, options=WCAG)
    return [
        f"{each['id']}: {node['html'][:160]} {node['any']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@dataclass
class Record:
    """What a page asked for and said."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def outside(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(LOOPBACK)]
