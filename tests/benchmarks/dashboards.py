"""Measure the dashboards: from an event's publication to the pixel, the first paint, 25 viewers, and 200 orders' truth.

A fortnight of simulated orders lies in gold; the stream, the warehouse, the dashboards and the browser share the cores.
`python -m tests.benchmarks.dashboards pixel truth` measures those parts alone, on a stack of their own.
"""

from __future__ import annotations

import datetime
import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from pbm360 import broker, medallion, oms
from pbm360.dashboards import ready_file, start_dashboards
from pbm360.local import stack
from pbm360.operations.desk import VIEW_FILE, desk_folder
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import GIGABYTE, fresh_warehouse
from tests.benchmarks.order_pages import OrderReader, figures_that_differ
from tests.conftest import TEST_KEY
from tests.dashboards.browser import ARGUMENTS, find_browser
from tests.messages import simulated_row

ORDERS, DAYS, SEED = 5_000, 14, 360
RATE, LIVE_SECONDS = 500, 30
JOURNEY = (  # what is published of each new order, so that one in ten events is an order that the page must count
    ("oms", "referral_received"),
    ("oms", "intake_completed"),
    ("payer", "benefits_started"),
    ("payer", "benefits_completed"),
    ("payer", "claim_submitted"),
    ("payer", "claim_paid"),
    ("wms", "clinical_verified"),
    ("oms", "patient_scheduled"),
    ("wms", "picked"),
    ("wms", "filled"),
)
STEP_SECONDS = len(JOURNEY) / RATE
FIRST_PICTURE_SECONDS = 120
LOADS, VIEWERS, WATCH_SECONDS, CHECKED_ORDERS = 5, 25, 30, 200
WATCH_OPEN_ORDERS = """() => {
    const tile = document.querySelector("[data-testid=tile-open]");
    window.seen = [[Date.now(), Number(tile.dataset.number)]];
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => {
        window.seen.push([Date.now(), Number(tile.dataset.number)]);
    }))).observe(tile, { attributes: true, attributeFilter: ["data-number"] });
}"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def measure(parts: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield (what, figure) rows of the parts (all of them by default), measured on a fresh stack."""
    with fresh_warehouse() as warehouse:
        _fill(warehouse)
        broker.ensure_topics(warehouse.settings)
        variables = {"PBM360_STATE_DIR": str(warehouse.settings.state_dir.resolve()), "PBM360_PSEUDONYM_KEY": TEST_KEY}
        stack.spawn(warehouse.settings, "stream", [sys.executable, "-m", "pbm360", "stream"], variables)
        url = start_dashboards(warehouse.settings)
        _wait_for_first_picture(warehouse)
        for part in parts or PARTS:
            yield from PARTS[part](warehouse, url)


def _fill(warehouse: Warehouse) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    simulation = simulate(SimulationParameters(orders=ORDERS, days=DAYS, end=now, seed=SEED))
    entities = simulation.entities()
    oms.seed(warehouse.settings, **vars(entities))
    rows = [simulated_row(number, message) for number, message in enumerate(simulation.messages())]
    warehouse.load_rows("bronze.raw_orders", rows)
    warehouse.load_rows("truth.orders", simulation.truth_orders())
    warehouse.load_rows("truth.knowable_orders", simulation.knowable_orders())
    medallion.backfill(warehouse, (now - datetime.timedelta(days=DAYS)).date(), now.date())


def _wait_for_first_picture(warehouse: Warehouse) -> None:
    deadline = time.monotonic() + FIRST_PICTURE_SECONDS
    while not (desk_folder(warehouse.settings) / VIEW_FILE).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the dashboards have read nothing in {FIRST_PICTURE_SECONDS} s; see their log")
        time.sleep(0.1)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=find_browser(playwright), args=list(ARGUMENTS))


def _open(browser: Browser, url: str) -> tuple[Page, float]:
    """Open the page as a new viewer; returns it and the seconds until every part of it moves."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.set_default_timeout(120_000)
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function("document.body && Number(document.body.dataset.tick) > 0")
    page.wait_for_function("document.querySelector('[data-testid=tile-open]')?.dataset.number")
    page.get_by_test_id("panel-carriers").locator(".main-svg").first.wait_for()
    return page, time.perf_counter() - started


def _loads(_: Warehouse, url: str) -> Iterator[tuple[str, str]]:
    paints, starts = [], []
    with _browser() as browser:
        for _ in range(LOADS):
            page, seconds = _open(browser, url)
            paints.append(page.evaluate(PAINTED) / 1000)
            starts.append(seconds)
            page.close(run_before_unload=True)
            time.sleep(10)  # the next kernel becomes warm
    yield f"first paint, {LOADS} viewers one after another: median / longest", _two(paints)
    yield "interactive: every chart drawn and moving: median / longest", _two(starts)


def _two(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s / {max(seconds):.2f} s"


def _publish_to_pixel(warehouse: Warehouse, url: str) -> Iterator[tuple[str, str]]:
    published: list[float] = []  # when each new order's referral was handed to the topic, seconds since 1970
    with _browser() as browser:
        page, _ = _open(browser, url)
        page.evaluate(WATCH_OPEN_ORDERS)
        _publish(warehouse, published)
        before = page.evaluate("window.seen[0][1]")
        page.wait_for_function("(count) => window.seen.at(-1)[1] >= count", arg=before + len(published))
        seen = page.evaluate("window.seen")
        page.close(run_before_unload=True)
    waits = []
    for place, moment in enumerate(published, start=1):
        shown = next(at for at, count in seen if count >= before + place)
        waits.append(shown / 1000 - moment)
    cuts = statistics.quantiles(waits, n=100)
    took = published[-1] - published[0]
    yield "events published meanwhile", f"{len(published) * len(JOURNEY) / took:,.0f} events/s for {took:.0f} s"
    yield "publish to pixel in the browser, p50", f"{cuts[49]:.2f} s"
    yield "publish to pixel in the browser, p99", f"{cuts[98]:.2f} s"


def _publish(warehouse: Warehouse, published: list[float]) -> None:
    """Publish new orders at `RATE` events a second: all that is known of one at once."""
    started, settings = time.monotonic(), warehouse.settings
    for number in range(int(LIVE_SECONDS / STEP_SECONDS)):
        now = datetime.datetime.now(datetime.UTC)
        messages = [_event(f"LIVE{number:06}", place, now) for place in range(len(JOURNEY))]
        published.append(time.time())
        broker.publish_batches(settings, settings.topic, messages)
        time.sleep(max(started + (number + 1) * STEP_SECONDS - time.monotonic(), 0))


def _event(order_id: str, place: int, now: datetime.datetime) -> tuple[bytes, dict]:
    source, kind = JOURNEY[place]
    at = now - datetime.timedelta(milliseconds=len(JOURNEY) - place)
    data = {"pharmacy_id": "PH001", "priority": "routine"}
    event = {"specversion": "1.0", "id": f"{order_id}-{place}", "source": source, "type": kind, "subject": order_id}
    event |= {"time": at.isoformat().replace("+00:00", "Z"), "dataschema": "order-event/1", "data": data}
    return json.dumps(event).encode(), {"source": source}


def _truth(warehouse: Warehouse, url: str) -> Iterator[tuple[str, str]]:
    orders = warehouse.query("select order_id from pbm_truth.orders order by order_id").column("order_id").to_pylist()
    chosen = random.Random(SEED).sample(orders, CHECKED_ORDERS)
    reader = OrderReader(url)
    stories = {order_id: reader.open(order_id) for order_id in chosen}
    reader.leave()
    compared, hidden, differing = figures_that_differ(warehouse, stories)
    yield f"of {len(stories)} orders at random a defect hides something, and the ledger says what", f"{hidden}"
    yield (
        f"{compared:,} figures of their pages against the truth, or what the ledger leaves of it",
        f"{len(differing)} differ" + (f": {differing[:3]}" if differing else ""),
    )


def _viewers(warehouse: Warehouse, url: str) -> Iterator[tuple[str, str]]:
    """Watch the page with many viewers, who beat and read as a browser does."""
    watching, threads, stop = [], [], threading.Event()
    for _ in range(VIEWERS):  # who does not listen while the others come is taken for gone
        watching.append(OrderReader(url))
        threads.append(threading.Thread(target=watching[-1].watch, args=(stop,)))
        threads[-1].start()
    time.sleep(10)
    seen_before = sum(viewer.pictures for viewer in watching)
    server = psutil.Process(json.loads(ready_file(warehouse.settings).read_text())["pid"])
    family = [server, *server.children(recursive=True)]
    before, started = _cpu_seconds(family), time.monotonic()
    time.sleep(WATCH_SECONDS)
    used = (_cpu_seconds(family) - before) / (time.monotonic() - started)
    seen = sum(viewer.pictures for viewer in watching) - seen_before
    memory = sum(process.memory_full_info().pss for process in family) / GIGABYTE
    stop.set()
    for thread in threads:
        thread.join()
    for viewer in watching:
        viewer.leave()
    yield f"{VIEWERS} viewers: server, kernels and the one reading process", f"{used:.2f} cores"
    yield f"{VIEWERS} viewers: memory (PSS), together", f"{memory:.2f} GB"
    pictures = seen / VIEWERS / WATCH_SECONDS
    yield f"{VIEWERS} viewers: pictures that each was shown", f"{pictures:.2f} a second"


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes if process.is_running())


PARTS = {"loads": _loads, "pixel": _publish_to_pixel, "truth": _truth, "viewers": _viewers}

if __name__ == "__main__":
    for what, figure in measure(sys.argv[1:]):
        print(f"{what:<80} {figure}", flush=True)
