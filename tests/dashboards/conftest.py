"""The dashboards' real server on a real local BigQuery, and a real browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pbm360.medallion import prepare
from pbm360.settings import Settings
from pbm360.warehouse import Warehouse
from tests.benchmarks.killable import KillableServer
from tests.conftest import TEST_KEY
from tests.dashboards.browser import ARGUMENTS, PATIENCE_SECONDS, SCREENSHOTS, Record, find_browser
from tests.dashboards.panel_rows import fill_panels

START_SECONDS = 180
SERVE = """
from pbm360.dashboards import serve_dashboards
from pbm360.settings import load_settings
serve_dashboards(load_settings())
"""
expect.set_options(timeout=1000 * PATIENCE_SECONDS)


@dataclass
class Site:
    """The running dashboards and the warehouse that they show, on a server of its own."""

    url: str
    process: subprocess.Popen
    warehouse: Warehouse
    warehouse_server: KillableServer
    environment: dict[str, str]

    def children(self, part: str) -> list[psutil.Process]:
        """Return the server's child processes with this text in their command line."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in found if part in self.command_line(child)]

    def command_line(self, process: psutil.Process) -> str:
        """Return a process's command line; empty where it has ended meanwhile."""
        try:
            return " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            return ""


RUNNING: list[tuple[Site, Callable[[], None]]] = []  # the dashboards of this session and what stops them


@pytest.fixture(scope="session")
def browser() -> Browser:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_browser(playwright), args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def warehouse_server(tmp_path_factory) -> KillableServer:
    """A local BigQuery of the dashboards' own, which a test can kill."""
    server = KillableServer("pbm360.local.bigquery", tmp_path_factory.mktemp("dashboards_warehouse") / "data")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def site(warehouse_server, tmp_path_factory) -> Site:
    """The running dashboards, begun with an empty warehouse; started again where tests of other folders lay between."""
    if not RUNNING:
        RUNNING.append(start_site(warehouse_server, tmp_path_factory.mktemp("dashboards")))
    return RUNNING[0][0]


def start_site(warehouse_server: KillableServer, state_dir: Path) -> tuple[Site, Callable[[], None]]:
    """Serve the dashboards of this warehouse; return them and what stops them, which they must do completely."""
    addresses = warehouse_server.addresses
    where = {"bigquery_url": addresses["rest_url"], "bigquery_storage_endpoint": addresses["grpc_endpoint"]}
    warehouse = Warehouse(Settings(state_dir=state_dir, pseudonym_key=TEST_KEY, **where))
    prepare(warehouse)
    environment = {
        "PBM360_BIGQUERY_URL": addresses["rest_url"],
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": addresses["grpc_endpoint"],
        "PBM360_STATE_DIR": str(state_dir),
        "PBM360_SNAPSHOT_SECONDS": "1",
    }
    log, ready = state_dir / "server.log", state_dir / "dashboards.json"
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdout=lines, stderr=lines, env=os.environ | environment
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"the dashboards ended with {process.returncode}: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the dashboards did not answer: {log.read_text()[-3000:]}"
        time.sleep(0.1)
    site = Site(json.loads(ready.read_text())["url"], process, warehouse, warehouse_server, environment)
    children = site.children("")

    def stop() -> None:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not ready.exists()
        assert psutil.wait_procs(children, 10)[1] == []

    return site, stop


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Stop the dashboards before a test of another folder: they would read on for as long as the other tests run."""
    result = yield
    if RUNNING and (nextitem is None or nextitem.path.parent != item.path.parent):
        RUNNING.pop()[1]()
    return result


@pytest.fixture(scope="module")
def open_page(browser, site):
    """Open the Command Center with a record of what it does, and wait until it shows data."""
    contexts = []

    def run(address: str = "", **viewer) -> tuple[Page, Record]:
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 1000}} | viewer))
        page, record = contexts[-1].new_page(), Record()
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        record.watch(page)
        page.goto(site.url + address, wait_until="commit")
        page.wait_for_function("document.body && Number(document.body.dataset.tick) > 0")
        page.wait_for_function("!document.getElementById('loading')")
        page.get_by_test_id("panel-carriers").locator(".main-svg").first.wait_for()
        return page, record

    yield run
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def asked(site):
    """Fill the site with something for each panel, and answer queries of what it holds."""
    fill_panels(site.warehouse)
    return lambda sql, **parameters: site.warehouse.query(sql, parameters).to_pylist()


@pytest.fixture
def keep():
    """Save a picture of the page under .pbm360/screenshots/."""

    def run(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return run
