"""Patient Satisfaction in a real browser, and both pages in the second front: numbers are the reports', held back ones
are not there.
"""

import datetime
import itertools
import os
import statistics
import subprocess
import sys
import time

import pytest
import requests
import websocket
from playwright.sync_api import expect

from pbm360.dashboards import free_port
from pbm360.operations.view import ORDERS_IN_TABLE
from tests.dashboards.browser import (
    CHART_FITS,
    PATIENCE_SECONDS,
    PHONE_PIXELS,
    READ_CHART,
    TABLES_FIT,
    Record,
    accessibility_faults,
    agree,
    bars,
)
from tests.fact_rows import fact_row

TODAY = datetime.datetime.now(datetime.UTC).date()
MONDAY = TODAY - datetime.timedelta(days=TODAY.weekday() + 14)  # of a week that is over
COHORTS = ((True, 40, (10, 9, 9, 8, 3)), (False, 30, (10, 5, 2, 1, 7)))  # on time, orders, nps in turn
WEEK = "from pbm_reporting.satisfaction where week_date = @monday and"
QUESTIONS = {
    "nps": f"select nps as n {WEEK} cohort_kind = 'all'",
    "nps_late": f"select nps as n {WEEK} cohort = 'late'",
    "surveys": f"select survey_count as n {WEEK} cohort_kind = 'all'",
    "csat": f"select csat_share as n {WEEK} cohort_kind = 'all'",
    "response": """
        select sum(survey_count) / sum(delivered_count) as n
        from pbm_reporting.satisfaction
        where cohort_kind = 'all'
    """,
    "call": "select sum(contact_count) as n from pbm_reporting.contacts where contact_kind = 'call'",
    "complaint": "select count(*) as n from pbm_gold.fact_patient_feedback where feedback_type = 'complaint'",
}
CHARTS = ("nps", "csat", "outcomes", "costs", "reasons", "warnings")
SURVEYS = """
    select
        {group} as cohort,
        count(*) as n,
        100 * (countif(nps >= 9) - countif(nps <= 6)) / count(*) as nps,
        countif(csat >= 4) / count(csat) as csat
    from pbm_gold.fact_patient_feedback as feedback
    inner join pbm_gold.fact_order_lifecycle as orders on orders.order_id = feedback.order_id
    where feedback_type = 'survey'
    group by cohort
"""
OUTCOME = "if(orders.is_on_time, 'as promised', 'late')"
WEEK_OF_DELIVERY = "cast(date_trunc(date(orders.delivered_at), isoweek) as string)"
DELIVERED = """
    select count(*) as n from pbm_gold.fact_order_lifecycle
    where status = 'delivered' and date_trunc(date(delivered_at), isoweek) = @monday
"""
REASONS = """
    select feedback_type as kind, reason, count(*) as n
    from pbm_gold.fact_patient_feedback
    where feedback_type != 'survey'
    group by kind, reason
"""
LEADS = """
    select timestamp_diff(feedback.occurred_at, visits.entered_at, second) / 3600 - 24 as hours
    from pbm_gold.fact_patient_feedback as feedback
    left join pbm_gold.fact_stage_visits as visits
        on visits.order_id = feedback.order_id and visits.stage = 'FILL'
    where feedback_type = 'call' and not is_after_delivery
    order by hours
"""
STREAMLIT_INKED = """(ink) => {
    const charts = [...document.querySelectorAll(".js-plotly-plot")];
    return charts.length > 5 && charts.every((node) => node.layout?.font?.color === ink);
}"""
NEXT = "select countif(sla_due_at >= @now) as n from pbm_serving.order_lifecycle where status = 'open'"
CHANGED = """
    select countif(received_at >= @since) as received, countif(shipped_at >= @since) as shipped
    from pbm_serving.order_lifecycle
"""


def feedback(number: int, order_id: str, kind: str, moment: datetime.datetime, **columns) -> dict:
    row = {"event_id": f"f{number}", "source": "crm", "order_id": order_id, "reported_order_id": order_id}
    row |= {"feedback_type": kind, "occurred_at": moment, "occurred_date": moment.date(), "is_after_delivery": True}
    return row | {"order_status": "delivered"} | columns


def fill(warehouse) -> None:
    """Write two cohorts of delivered orders with their surveys, calls, and the day that the batch stands at."""
    now = datetime.datetime.now(datetime.UTC)  # later than any other batch of this warehouse
    delivered_at = datetime.datetime.combine(MONDAY, datetime.time(12), datetime.UTC)
    orders, said = [], []
    for is_on_time, count, scores in COHORTS:
        for number in range(count):
            order_id, nps = f"{is_on_time}-{number}", scores[number % len(scores)]
            hours = (now - delivered_at) / datetime.timedelta(hours=1)
            orders.append(fact_row(order_id, "DELIVERED", now, hours, is_on_time=is_on_time, carrier="ups"))
            orders[-1]["delivered_at"] = delivered_at
            category = "promoter" if nps >= 9 else "detractor" if nps <= 6 else "passive"
            scored = {"nps": nps, "nps_category": category, "csat": nps // 2, "is_satisfied": nps >= 8}
            said.append(feedback(len(said), order_id, "survey", delivered_at, **scored))
            said.append(
                feedback(len(said), order_id, "call", delivered_at, reason="status" if is_on_time else "billing")
            )
    for number in range(27):
        reason = "damaged" if number < 12 else "late delivery"
        said.append(feedback(len(said), f"True-{number}", "complaint", delivered_at, reason=reason))
    visits = []
    for is_warned, number in itertools.product((True, False), range(12)):
        order_id, called_at = f"{is_warned}-{number}", delivered_at - datetime.timedelta(hours=2)
        said.append(feedback(len(said), order_id, "call", called_at, reason="status") | {"is_after_delivery": False})
        if is_warned:  # its stage was entered 30 hours before the call and more, and allows 24
            entered_at = called_at - datetime.timedelta(hours=30 + number)
            visit = {"order_id": order_id, "reported_order_id": order_id, "visit_number": 1, "stage": "FILL"}
            visit |= {"entered_at": entered_at, "entered_date": entered_at.date(), "stage_visit_number": 1}
            visits.append(visit | {"is_allowed": True, "left_at": delivered_at})
    for order_id, stage, hours in (("S1", "FILL", 30), ("S2", "CLINICAL", 3)):
        orders.append(fact_row(order_id, stage, now, hours))
    warehouse.load_rows("gold.fact_order_lifecycle", orders)
    warehouse.load_rows("gold.fact_patient_feedback", said)
    warehouse.load_rows("gold.fact_stage_visits", visits)
    run = {"run_id": "r1", "run_date": now.date(), "status": "published"}
    warehouse.load_rows("ops.batch_runs", [run | dict.fromkeys(("started_at", "cut_at", "finished_at"), now)])


@pytest.fixture(scope="module")
def page(browser, site):
    """The page of patients, open before there is a batch."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened, record = context.new_page(), Record()
    opened.set_default_timeout(1000 * PATIENCE_SECONDS)
    record.watch(opened)
    opened.goto(f"{site.url}patient-satisfaction", wait_until="commit")
    opened.get_by_test_id("panel-nps").locator(".main-svg").first.wait_for()
    yield opened, record
    context.close()
    assert (record.errors, record.outside()) == ([], [])


def test_without_answers_the_page_says_so(page):
    opened, _ = page
    expect(opened.get_by_test_id("panel-nps")).to_contain_text("No week has the answers of more than 10 patients yet")
    expect(opened.get_by_test_id("tile-nps")).to_contain_text("–")


def test_numbers_come_with_the_batch_and_are_the_reports(page, site, keep):
    opened, _ = page
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


def trace(page, key, name):
    """Return a chart's trace of a name: value by category or moment."""
    found = next(each for each in page.evaluate(READ_CHART, key) if each.get("name") == name)
    return dict(zip(found["x"], found["y"], strict=True))


def surveys(site, group):
    return {row["cohort"]: row for row in site.warehouse.query(SURVEYS.format(group=group)).to_pylist()}


def test_each_weeks_scores_are_a_querys(page, site):
    opened, _ = page
    weeks = surveys(site, WEEK_OF_DELIVERY)
    (delivered,) = site.warehouse.query(DELIVERED, {"monday": MONDAY}).to_pylist()
    assert trace(opened, "nps", "NPS") == {week: pytest.approx(row["nps"]) for week, row in weeks.items()}
    counted = {week: n for week, n in trace(opened, "nps", "Surveys").items() if n}
    assert counted == {week: row["n"] for week, row in weeks.items()}
    satisfied = trace(opened, "csat", "Satisfied (4 or 5 of 5)")
    assert satisfied == {week: pytest.approx(row["csat"]) for week, row in weeks.items()}
    answered = trace(opened, "csat", "Surveys answered")[str(MONDAY)]
    assert answered == pytest.approx(weeks[str(MONDAY)]["n"] / delivered["n"])


def test_what_a_broken_promise_does_and_costs_is_a_querys(page, site):
    opened, _ = page
    outcomes = surveys(site, OUTCOME)
    shown = {cohort: nps for cohort, nps in bars(opened, "outcomes").items() if nps is not None}
    assert shown == {cohort: pytest.approx(row["nps"]) for cohort, row in outcomes.items()}
    share = outcomes["late"]["n"] / sum(row["n"] for row in outcomes.values())
    points = share * (outcomes["as promised"]["nps"] - outcomes["late"]["nps"])
    assert bars(opened, "costs") == {"late": pytest.approx(points)}
    for cohort, row in outcomes.items():
        line = opened.get_by_test_id("table-cohorts").get_by_role("row").filter(has_text=cohort)
        expect(line.locator("td[data-column=nps]")).to_have_text(f"{row['nps']:+.0f}".replace("-", "−"))
        expect(line.locator("td[data-column=survey_count]")).to_have_text(f"{row['n']}")


def test_why_patients_call_and_how_long_before_the_data_warned_is_a_querys(page, site):
    opened, _ = page
    names, shown = {"Calls": "call", "Complaints": "complaint"}, {}
    for each in opened.evaluate(READ_CHART, "reasons"):
        counts = zip(each["y"], each["x"], strict=True)
        shown |= {(names[each["name"]], reason): count for reason, count in counts if count}
    rows = site.warehouse.query(REASONS).to_pylist()
    assert shown == {(row["kind"], row["reason"]): row["n"] for row in rows}
    hours = [row["hours"] for row in site.warehouse.query(LEADS).to_pylist()]
    leads = [lead for lead in hours if lead is not None]
    (monday,) = bars(opened, "warnings").items()
    assert monday == (str(MONDAY), pytest.approx(statistics.median(leads), abs=1e-3))
    tile = opened.get_by_test_id("tile-lead")
    assert float(tile.get_attribute("data-number")) == pytest.approx(statistics.median(leads), abs=0.01)
    expect(tile).to_contain_text(f"before {len(leads) / len(hours):.0%} of first calls")


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440), ("dark", 3840)])
def test_everybody_can_read_it_on_any_screen(page, keep, scheme, width):
    opened, _ = page
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 1000})
    for key in CHARTS:
        opened.wait_for_function(CHART_FITS, arg=key)
    assert accessibility_faults(opened, scheme) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert width > PHONE_PIXELS or opened.evaluate(TABLES_FIT), "a table is cut at its side"
    keep(opened, f"patient_satisfaction_{scheme}_{width}")


def test_each_chart_has_its_numbers_in_a_table(page):
    opened, _ = page
    for key in CHARTS:
        panel = opened.get_by_test_id(f"panel-{key}")
        expect(panel.get_by_role("table").locator("tbody tr").first).to_be_attached()
    nps = opened.get_by_test_id("panel-nps").get_by_role("table")
    expect(nps.get_by_role("row").filter(has_text=str(MONDAY))).to_contain_text("70")


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


@pytest.fixture(scope="module")
def front(browser, streamlit_url):
    """The second front in a browser that likes it dark; at the end nothing was an error or came from elsewhere."""
    context = browser.new_context(viewport={"width": 1440, "height": 1400}, color_scheme="dark")
    opened, record = context.new_page(), Record()
    opened.set_default_timeout(1000 * PATIENCE_SECONDS)
    record.watch(opened)
    opened.goto(streamlit_url, wait_until="commit")
    expect(opened.get_by_test_id("stMetric").first).to_contain_text("Open orders")
    yield opened
    context.close()
    assert (record.errors, record.outside()) == ([], [])


def test_the_second_front_has_each_list_and_what_changed(front, site, keep):
    front.get_by_role("tab", name="Next to breach").click()

    def counted():
        (row,) = site.warehouse.query(NEXT, {"now": datetime.datetime.now(datetime.UTC)}).to_pylist()
        return f"{min(row['n'], ORDERS_IN_TABLE)} of {row['n']} not yet over it"

    expect(front.get_by_role("tabpanel").filter(has_text="not yet over it")).to_be_visible()
    agree(lambda: front.get_by_text("not yet over it").inner_text(), counted)
    expect(front.get_by_text("What changed since my shift began?")).to_be_visible()
    expect(front.get_by_text("all times are UTC")).to_be_visible()
    grid = front.get_by_test_id("stDataFrame").last

    def changed():
        now = datetime.datetime.now(datetime.UTC)
        now = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        spans = [now - datetime.timedelta(hours=hours) for hours in (1, 8, 24)]
        rows = [site.warehouse.query(CHANGED, {"since": since}).to_pylist()[0] for since in spans]
        return [["Orders received", *(f"{row['received']:,}" for row in rows)]] + [
            ["Orders shipped", *(f"{row['shipped']:,}" for row in rows)]
        ]

    def shown():
        rows = grid.locator("table tbody tr").all()[:2]
        return [row.locator("td").all_text_contents() for row in rows]  # the texts behind the drawn table

    agree(shown, changed)
    front.wait_for_function(STREAMLIT_INKED, arg="#e5eaf1")
    keep(front, "streamlit_operations_dark")


def test_the_second_front_shows_the_same_numbers_of_patients(front, keep):
    front.get_by_text("Patients", exact=True).click()
    expect(front.get_by_role("heading", name="Patient Satisfaction")).to_be_visible()
    expect(front.get_by_test_id("stMetric").filter(has_text="Surveys")).to_contain_text("70")
    front.locator(".main-svg").first.wait_for()
    expect(front.get_by_role("tab", name="By outcome")).to_be_visible()
    front.set_viewport_size({"width": 360, "height": 800})
    front.wait_for_function("document.documentElement.scrollWidth <= 360")
    front.wait_for_function(STREAMLIT_INKED, arg="#e5eaf1")
    keep(front, "streamlit_patients_360_dark")
    front.set_viewport_size({"width": 1440, "height": 1400})
    front.emulate_media(color_scheme="light")
    front.reload()
    front.wait_for_function(STREAMLIT_INKED, arg="#1f2937")
    keep(front, "streamlit_operations")


def test_the_second_front_is_the_laptops_own(streamlit_url):
    address = f"{streamlit_url.replace('http', 'ws', 1)}_stcore/stream"
    assert requests.get(streamlit_url, headers={"Host": "attacker.example"}, timeout=20).status_code == 403
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(address, origin="http://attacker.example", timeout=20)
    websocket.create_connection(address, origin=streamlit_url.rstrip("/"), timeout=20).close()
