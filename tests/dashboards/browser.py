"""Find a browser for the tests, install Debian's where that is possible, and record what a page does."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

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
