"""Patient Satisfaction in a real browser, and both pages in the second front: numbers are the reports', held back ones
are not there."""

import datetime
import os
import subprocess
import sys
import time

import pytest
import requests
import websocket
from playwright.sync_api import expect

from pbm360.dashboards import free_port
from tests.dashboards.browser import Record
from tests.fact_rows import fact_row

expect.set_options(timeout=60_000)
NOW = datetime.datetime.now(datetime.UTC)
MONDAY = (NOW - datetime.timedelta(days=NOW.weekday() + 14)).date()  # a week that is over
COHORTS = ((True, 40, (10, 9, 9, 8, 3)), (False, 30, (10, 5, 2, 1, 7)))  # on time, orders, nps in turn
WEEK = "from pbm_reporting.satisfaction where week_date = @monday and"
QUESTIONS = {
    "nps": f"select nps as n {WEEK} cohort_kind = 'all'",
    "nps_late": f"select nps as n {WEEK} cohort = 'late'",
    "surveys": f"select survey_count as n {WEEK} cohort_kind = 'all'",
    "csat": f"select csat_share as n {WEEK} cohort_kind = 'all'",
    "call": "select sum(contact_count) as n from pbm_reporting.contacts where contact_kind = 'call'",
}


def feedback(number: int, order_id: str, kind: str, moment: datetime.datetime, **columns) -> dict:
    row = {"event_id": f"f{number}", "source": "crm", "order_id": order_id, "reported_order_id": order_id}
    row |= {"feedback_type": kind, "occurred_at": moment, "occurred_date": moment.date(), "is_after_delivery": True}
    return row | {"order_status": "delivered"} | columns


def fill(warehouse) -> None:
    """Write two cohorts of delivered orders with their surveys, calls, and the day that the batch stands at."""
    delivered_at = datetime.datetime.combine(MONDAY, datetime.time(12), datetime.UTC)
    orders, said = [], []
    for is_on_time, count, scores in COHORTS:
        for number in range(count):
            order_id, nps = f"{is_on_time}-{number}", scores[number % len(scores)]
            hours = (NOW - delivered_at) / datetime.timedelta(hours=1)
            orders.append(fact_row(order_id, "DELIVERED", NOW, hours, is_on_time=is_on_time, carrier="ups"))
            orders[-1]["delivered_at"] = delivered_at
            category = "promoter" if nps >= 9 else "detractor" if nps <= 6 else "passive"
            scored = {"nps": nps, "nps_category": category, "csat": nps // 2, "is_satisfied": nps >= 8}
            said.append(feedback(len(said), order_id, "survey", delivered_at, **scored))
            said.append(
                feedback(len(said), order_id, "call", delivered_at, reason="status" if is_on_time else "billing")
            )
    warehouse.load_rows("gold.fact_order_lifecycle", orders)
    warehouse.load_rows("gold.fact_patient_feedback", said)
    run = {"run_id": "r1", "run_date": NOW.date(), "status": "published"}
    warehouse.load_rows("ops.batch_runs", [run | dict.fromkeys(("started_at", "cut_at", "finished_at"), NOW)])


@pytest.fixture(scope="module")
def page(browser, site):
    """The page of patients, open before there is a batch."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened, record = context.new_page(), Record()
    opened.set_default_timeout(60_000)
    record.watch(opened)
    opened.goto(f"{site.url}patient-satisfaction", wait_until="commit")
    opened.get_by_test_id("panel-nps").locator(".main-svg").first.wait_for()
    yield opened, record
    context.close()


def test_without_answers_the_page_says_so(page):
    opened, _ = page
    expect(opened.get_by_test_id("panel-nps")).to_contain_text("No week has the answers of more than 10 patients yet")
    expect(opened.get_by_test_id("tile-nps")).to_contain_text("–")


def test_numbers_come_with_the_batch_and_are_the_reports(page, site, keep):
    opened, record = page
    fill(site.warehouse)
    expect(opened.get_by_test_id("tile-surveys")).to_have_attribute("data-number", "70")
    for key, query in QUESTIONS.items():
        number = float(site.warehouse.query(query, {"monday": MONDAY}).to_pylist()[0]["n"])
        shown = float(opened.get_by_test_id(f"tile-{key}").get_attribute("data-number"))
        assert shown == pytest.approx(number, abs=1e-3), key
    expect(opened.get_by_test_id("panel-outcomes")).to_contain_text("n = 30")
    opened.get_by_role("button", name="By outcome").click()
    row = opened.get_by_test_id("table-cohorts").get_by_role("row").filter(has_text="late")
    expect(row).to_contain_text("▲ Worse")
    keep(opened, "patient_satisfaction")
    assert record.outside() == []
    assert record.errors == []


def test_the_pages_lead_to_each_other(page):
    opened, _ = page
    expect(opened.get_by_role("link", name="Patients")).to_have_attribute("aria-current", "page")
    assert opened.get_by_role("link", name="Operations").get_attribute("href") == "/"


@pytest.fixture(scope="module")
def streamlit_url(site):
    """The second front beside the first: it reads what the first one's process writes."""
    port = free_port()
    environment = os.environ | site.environment
    serve = "from pbm360.settings import load_settings; from pbm360.streamlit_server import serve_streamlit"
    code = f"{serve}; serve_streamlit(load_settings(), {port})"
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    url, deadline = f"http://127.0.0.1:{port}/", time.monotonic() + 90
    try:
        while not answers(f"{url}_stcore/health"):
            assert process.poll() is None, "Streamlit ended"
            assert time.monotonic() < deadline, "Streamlit did not answer"
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(address: str) -> bool:
    """Tell whether a server answers there."""
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def test_the_second_front_shows_the_same_numbers(browser, streamlit_url, site, keep):
    context = browser.new_context(viewport={"width": 1440, "height": 1400})
    opened, record = context.new_page(), Record()
    opened.set_default_timeout(60_000)
    record.watch(opened)
    opened.goto(streamlit_url, wait_until="commit")
    expect(opened.get_by_test_id("stMetric").first).to_contain_text("Open orders")
    opened.get_by_text("Patients", exact=True).click()
    expect(opened.get_by_role("heading", name="Patient Satisfaction")).to_be_visible()
    expect(opened.get_by_test_id("stMetric").filter(has_text="Surveys")).to_contain_text("70")
    opened.locator(".main-svg").first.wait_for()
    keep(opened, "streamlit_patients")
    assert record.outside() == []
    context.close()


def test_the_second_front_is_the_laptops_own(streamlit_url):
    address = f"{streamlit_url.replace('http', 'ws', 1)}_stcore/stream"
    assert requests.get(streamlit_url, headers={"Host": "attacker.example"}, timeout=20).status_code == 403
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(address, origin="http://attacker.example", timeout=20)
    websocket.create_connection(address, origin=streamlit_url.rstrip("/"), timeout=20).close()
