"""The Command Center in a real browser: every number is a query's, it moves in place, and it says when it can't.

The tests share one page, which stands open as it would on a wall; the first test sees the empty warehouse, the last
one kills the kernels.
"""

import contextlib
import datetime
import itertools
import re
import signal
import time

import pytest
import requests
from playwright.sync_api import Error, expect

from pbm360.dashboard_kernels import KERNEL_IN_PAGE
from tests.fact_rows import fact_row

expect.set_options(timeout=60_000)
NOW = datetime.datetime.now(datetime.UTC)
STAGES = ("RECEIVED", "PA_PENDING", "FINANCIAL", "FILL", "IN_TRANSIT")
SHARES_USED = (0.2, 0.5, 0.9, 1.5, 9.0)  # of the stage's time; none lies so near a limit that it moves during the test
HOURS = {"RECEIVED": 4, "PA_PENDING": 120, "FINANCIAL": 48, "FILL": 24, "IN_TRANSIT": 48}
CARRIERS = ("ups", "fedex", "usps")

TILES_QUERY = """
    select
        countif(status = 'open') as open,
        countif(status = 'open' and sla_due_at < @now) as breached,
        countif(
            status = 'open' and sla_due_at >= @now
            and timestamp_diff(@now, stage_entered_at, second)
            > 0.8 * timestamp_diff(sla_due_at, stage_entered_at, second)
        ) as at_risk,
        countif(status = 'open' and promised_at < @now) as past_promise,
        countif(shipped_at > timestamp_sub(@now, interval 1 hour)) as shipped_hour,
        countif(delivered_at > timestamp_sub(@now, interval 1 hour)) as delivered_hour,
        round(
            100 * countif(status = 'delivered' and is_on_time and delivered_at > timestamp_sub(@now, interval 7 day))
            / countif(
                (
                    status = 'delivered' and is_on_time is not null
                    and delivered_at > timestamp_sub(@now, interval 7 day)
                )
                or (status = 'open' and promised_at < @now)
            ),
            1
        ) as on_time
    from pbm_serving.order_lifecycle
"""
EXCEPTION_QUERY = """
    select
        case
            when promised_at < @now then 'Past the promised delivery'
            when stage = 'RECEIVED' then 'Intake overdue'
            when stage = 'PA_PENDING' then 'Payer overdue'
            when stage = 'FINANCIAL' then 'Financial clearance overdue'
            when stage = 'FILL' then 'Warehouse overdue'
            else 'Carrier overdue'
        end as what,
        count(*) as n
    from pbm_serving.order_lifecycle
    where status = 'open' and (promised_at < @now or sla_due_at < @now)
    group by what
"""
MOVE_SLIDER = """(node) => {
    node.value = node.max - 8;
    node.dispatchEvent(new Event("input"));
    node.dispatchEvent(new Event("change"));
}"""
JUMP = """(milliseconds) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + milliseconds;
}"""
INK_IS = """(colour) =>
    document.querySelector('[data-testid="panel-stages"] .js-plotly-plot').layout.font.color === colour
"""
CLICK_STAGE = """(label) => document.querySelector('[data-testid="panel-stages"] .js-plotly-plot')
    .emit("plotly_click", { points: [{ x: 1, y: label, data: { name: "any" } }] })"""
STAGE_QUERY = """
    select label, countif(sla_due_at < @now) as breached, count(*) as total
    from pbm_serving.order_lifecycle as orders
    inner join pbm_gold.dim_stages as stages on stages.stage = orders.stage
    where status = 'open' and (@pharmacy_id = '' or pharmacy_id = @pharmacy_id)
    group by label
"""
CHART_COUNTS = """(key) => {
    const counts = {};
    for (const trace of document.querySelector(`[data-testid="panel-${key}"] .js-plotly-plot`).data)
        if (trace.type === "bar") trace.y.forEach((label, i) => { (counts[label] ??= {})[trace.name] = trace.x[i]; });
    return counts;
}"""

CHART_FITS = """(key) => {
    const card = document.querySelector(`[data-testid="panel-${key}"]`).getBoundingClientRect();
    const chart = document.querySelector(`[data-testid="panel-${key}"] .main-svg`).getBoundingClientRect();
    return card.left <= chart.left && chart.right <= card.right && chart.width > card.width - 60;
}"""


def hand_made_orders():
    numbers = itertools.count(1)
    for stage, used, pharmacy in itertools.product(STAGES, SHARES_USED, ("PH1", "PH2")):
        number = next(numbers)
        late = {"promised_at_hours_ago": 3} if stage == "IN_TRANSIT" and used > 1 else {}
        carrier = CARRIERS[number % 3] if stage == "IN_TRANSIT" else None
        shipped = {"shipped_at_hours_ago": 0.5} if stage == "IN_TRANSIT" and used < 0.3 else {}
        row = {"pharmacy_id": pharmacy, "carrier": carrier, "priority": "routine"} | late | shipped
        yield fact_row(f"A{number:04}", stage, NOW, used * HOURS[stage], **row)
    for number in range(60):
        is_on_time = number % 10 != 0
        row = {"pharmacy_id": "PH1", "carrier": CARRIERS[number % 3], "is_on_time": is_on_time}
        hours = 0.5 if number < 4 else 2 + number
        yield fact_row(f"D{number:04}", "DELIVERED", NOW, hours, delivered_at_hours_ago=hours, **row)


@pytest.fixture(scope="module")
def filled_site(site):
    """The site with hand-made orders; tests of the empty one come before."""
    warehouse = site.warehouse
    names = {"PH1": "Harbor", "PH2": "Prairie"}
    latest = {"time_zone": "America/Chicago", "valid_from": NOW.date(), "is_latest": True}
    rows = [{"pharmacy_id": key, "name": name} | latest for key, name in names.items()]
    warehouse.load_rows("gold.dim_pharmacies", rows)
    warehouse.load_rows("gold.fact_order_lifecycle", list(hand_made_orders()))
    return site


@pytest.fixture(scope="module")
def wall(site, open_page):
    """The page on the wall, opened while the warehouse is empty, and its record."""
    return open_page()


@pytest.fixture(scope="module")
def crashed_tab(wall, open_page):
    """A tab that crashed: who looked at it, the kernel that it leaves behind, and when. It had no time to say so."""
    page, _ = open_page()
    kernel = KERNEL_IN_PAGE.search(page.content()).group(1)
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash", timeout=10_000)
    return page.context.request, kernel, time.monotonic()


@pytest.fixture(scope="module")
def shared_view(filled_site, open_page):
    """A second viewer, who opened an address that somebody shared."""
    page, _ = open_page("#pharmacy=PH2")
    return page


@pytest.fixture
def page(filled_site, wall):
    """The page on the wall once it shows the orders, without filters."""
    page, _ = wall
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.wait_for_function("() => Number(document.querySelector('[data-testid=tile-open]')?.dataset.number) >= 50")
    return page


def number(page, key):
    text = page.get_by_test_id(f"tile-{key}").get_attribute("data-number")
    return float(text) if text else None


def wait_for_tile(page, key, value):
    page.wait_for_function(
        "([key, value]) => Number(document.querySelector(`[data-testid='tile-${key}']`)?.dataset.number) === value",
        arg=[key, value],
    )


def test_an_empty_warehouse_is_said_to_be_empty(wall, crashed_tab, keep):
    page, record = wall
    assert number(page, "open") == 0
    assert number(page, "on_time") is None
    expect(page.get_by_test_id("panel-stages").get_by_text("No open orders match")).to_be_visible()
    expect(page.get_by_test_id("chip-stream")).to_contain_text("no event yet")
    assert record.errors == []
    keep(page, "command_center_empty")


def test_every_number_is_a_querys(filled_site, page, keep):
    keep(page, "command_center_1440")
    now = datetime.datetime.now(datetime.UTC)
    (expected,) = filled_site.warehouse.query(TILES_QUERY, {"now": now}).to_pylist()
    assert {key: number(page, key) for key in expected} == expected
    assert {"breached": 20, "at_risk": 10}.items() <= expected.items()


def test_nothing_leaves_the_machine_and_the_chart_library_comes_once(page, wall):
    _, record = wall
    assert record.outside() == []
    assert len([url for url in record.requests if "plotly.min.js" in url]) == 1


def test_a_choice_narrows_everything_and_stands_in_the_address(page):
    page.get_by_test_id("filter-pharmacy").select_option("PH1")
    wait_for_tile(page, "open", 25)
    assert page.url.endswith("#pharmacy=PH1")
    page.get_by_role("button", name="Longest overdue").click()
    expect(page.locator("td[data-column=pharmacy]")).to_have_text(["Harbor"] * 10)
    page.get_by_role("button", name="Clear filters").click()
    wait_for_tile(page, "open", 50)
    assert "#" not in page.url


def test_hours_are_counted_to_the_newest_picture_without_a_new_row(page):
    told = """() => {
        const cell = document.querySelector("[data-testid=table-orders] td[data-column=entered_at]");
        const asOf = (days) => new Date(Date.now() + days * 86400000).toISOString();
        window.pbm360.setAsOf(asOf(0));
        const now = cell.textContent;
        window.pbm360.setAsOf(asOf(100));
        const later = cell.textContent;
        window.pbm360.setAsOf(asOf(0));
        const days = (text) => parseFloat(text) / { min: 1440, h: 24, d: 1 }[text.split(" ")[1]];
        return [days(now), days(later), cell.title];
    }"""
    now, later, instant = page.evaluate(told)
    assert later == pytest.approx(now + 100, abs=0.11)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", instant)


def test_the_table_begins_with_the_longest_overdue_and_switches_to_the_next_to_breach(page):
    table = page.get_by_test_id("table-orders")
    table.get_by_role("button", name="Longest overdue").click()
    expect(table.locator("tbody tr")).to_have_count(20)
    first = table.locator("tbody tr").first
    assert first.locator("td[data-column=stage_label]").inner_text() == "Prior authorization"
    assert "40.0 d" in first.locator("td[data-column=due_at]").inner_text()
    table.get_by_role("button", name="Next to breach").click()
    assert "At risk" in table.locator("tbody tr").first.locator("td[data-column=risk]").inner_text()
    expect(table.locator("tbody tr")).to_have_count(30)


def test_what_is_wrong_is_grouped_by_severity_and_opens_its_orders(filled_site, page):
    groups = page.get_by_test_id("table-exceptions").locator("tbody tr")
    expect(groups.first.locator("td[data-column=what]")).to_have_text("Past the promised delivery")
    texts = [groups.locator(f"td[data-column={name}]").all_inner_texts() for name in ("what", "order_count")]
    shown = dict(zip(*texts, strict=True))
    counted = filled_site.warehouse.query(EXCEPTION_QUERY, {"now": NOW}).to_pylist()
    assert shown == {row["what"]: str(row["n"]) for row in counted}
    groups.first.click()
    wait_for_tile(page, "open", int(shown["Past the promised delivery"]))
    assert page.url.endswith("#exception=promise")
    page.get_by_role("button", name="Clear filters").click()
    wait_for_tile(page, "open", 50)


def test_a_click_on_a_stage_filters_everything_and_a_second_one_takes_it_back(page):
    page.evaluate(CLICK_STAGE, "Fill")
    wait_for_tile(page, "open", 10)
    assert page.get_by_test_id("filter-stage").input_value() == "FILL"
    expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text("50 open")
    page.evaluate(CLICK_STAGE, "Fill")
    wait_for_tile(page, "open", 50)


def test_an_orders_story_opens_from_its_row_and_closes_with_escape(filled_site, page, keep):
    rows = page.get_by_test_id("table-orders").locator("tbody tr")
    order = rows.first.get_attribute("data-order")
    page.get_by_test_id("table-orders").locator(f"tbody tr[data-order='{order}'] button").click()  # it may have moved
    drawer = page.get_by_test_id("drawer")
    expect(drawer.get_by_role("heading")).to_have_text(f"Order {order}")
    expect(drawer.locator(".drawer-note")).to_contain_text("No event is known of it")
    now = datetime.datetime.now(datetime.UTC)
    event = {"event_id": "e1", "source": "wms", "event_type": "packed", "order_id": order, "message_id": "m1"}
    times = dict.fromkeys(("event_at", "publish_time", "ingested_at", "known_at"), now)
    filled_site.warehouse.load_rows(
        "silver.stg_order_events", [event | times | {"event_date": now.date(), "schema_version": 1}]
    )
    expect(drawer.locator(".events li")).to_have_count(1)
    expect(drawer.locator(".event-source")).to_contain_text("Warehouse scanners · by batch")
    keep(page, "command_center_order")
    page.keyboard.press("Escape")
    expect(drawer.locator("aside")).to_be_hidden()
    filled_site.warehouse.query("delete from pbm_silver.stg_order_events where event_id = 'e1'")


def test_the_slider_shows_a_past_moment_twice_and_goes_back_to_now(page, keep):
    slider = page.get_by_test_id("look-back").locator("input")
    slider.evaluate(MOVE_SLIDER)
    expect(page.get_by_test_id("panel-then").locator(".card-title")).to_have_text("What was shown then?")
    expect(page.get_by_test_id("look-back").locator(".card-subtitle")).to_contain_text("open orders stood elsewhere")
    keep(page, "command_center_moment")
    page.get_by_role("button", name="Back to now").click()
    expect(page.get_by_test_id("panel-then")).to_be_hidden()


def test_the_dark_page_has_dark_cards_and_pale_ink_in_its_charts(page, keep):
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(INK_IS, arg="#e5eaf1")
    assert page.evaluate("getComputedStyle(document.querySelector('.tile')).backgroundColor") == "rgb(23, 34, 49)"
    keep(page, "command_center_dark")
    page.emulate_media(color_scheme="light")


def test_new_orders_appear_in_place(filled_site, page):
    page.evaluate(
        "document.querySelectorAll('.tile, .js-plotly-plot').forEach((node) => { node.dataset.kept = 'yes'; })"
    )
    tick = int(page.evaluate("document.body.dataset.tick"))
    filled_site.warehouse.load_rows("gold.fact_order_lifecycle", [fact_row("N0001", "QA", NOW, 0.1, pharmacy_id="PH1")])
    wait_for_tile(page, "open", 51)
    page.wait_for_function("(tick) => Number(document.body.dataset.tick) > tick", arg=tick)
    expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text("51 open")
    counts = page.evaluate(CHART_COUNTS, "stages")
    assert counts["Quality check"]["● On track"] == 1
    assert page.locator(".tile[data-kept=yes]").count() == 8
    assert page.locator(".js-plotly-plot[data-kept=yes]").count() == page.locator(".js-plotly-plot").count() >= 7


@pytest.mark.parametrize(("width", "height"), [(360, 740), (390, 844), (1024, 768), (1920, 1080), (3840, 2160)])
def test_no_screen_is_too_narrow_or_too_wide(page, keep, width, height):
    page.set_viewport_size({"width": width, "height": height})
    for key in ("stages", "throughput", "expected", "bottleneck", "ageing", "carriers", "cold_chain"):
        page.wait_for_function(CHART_FITS, arg=key)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"command_center_{width}")


def test_a_shared_address_opens_the_view_and_its_stage_board_equals_a_query(filled_site, shared_view):
    page = shared_view
    wait_for_tile(page, "open", 25)
    assert page.get_by_test_id("filter-pharmacy").input_value() == "PH2"
    expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text("25 open")
    rows = filled_site.warehouse.query(STAGE_QUERY, {"now": NOW, "pharmacy_id": "PH2"}).to_pylist()
    shown = {
        label: (counts["■ Breached"], sum(counts.values()))
        for label, counts in page.evaluate(CHART_COUNTS, "stages").items()
        if sum(counts.values())
    }
    assert shown == {row["label"]: (row["breached"], row["total"]) for row in rows}


def test_a_closed_page_leaves_no_kernel_behind(filled_site, shared_view):
    page = shared_view
    kernel, viewer = KERNEL_IN_PAGE.search(page.content()).group(1), page.context.request
    assert viewer.get(f"{filled_site.url}api/kernels/{kernel}").status == 200
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    deadline = time.monotonic() + 60
    while viewer.get(f"{filled_site.url}api/kernels/{kernel}").status == 200:
        assert time.monotonic() < deadline, "the kernel of a closed page still runs"
        time.sleep(0.1)


def test_numbers_that_no_longer_come_are_called_stale_until_they_come_again(filled_site, page, keep):
    (snapshot_process,) = filled_site.children("pbm360.operations.service")
    snapshot_process.send_signal(signal.SIGSTOP)
    page.evaluate(JUMP, 11_000)  # the page counts the age by itself: it need not be waited for
    banner = page.get_by_test_id("banner")
    expect(banner).to_contain_text("Stale: these numbers are of")
    expect(banner.locator(".banner-age")).to_contain_text(re.compile("[1-9][0-9] s old"))
    expect(page.get_by_test_id("as-of")).to_contain_text("Stopped")
    keep(page, "command_center_stale")
    page.context.set_offline(True)
    expect(banner).to_contain_text("This device is offline")
    page.context.set_offline(False)
    expect(banner).not_to_contain_text("This device is offline")
    snapshot_process.send_signal(signal.SIGCONT)
    expect(banner).to_be_hidden()


def test_a_dead_warehouse_leaves_the_last_numbers_under_a_warning_until_it_is_back(filled_site, page, keep):
    banner, open_orders = page.get_by_test_id("banner"), number(page, "open")
    filled_site.warehouse_server.kill()
    try:
        page.evaluate(JUMP, 11_000)
        expect(banner).to_contain_text("Stale: these numbers are of")
        expect(banner).to_contain_text("The warehouse has not answered since")
        assert number(page, "open") == open_orders
        expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text(f"{open_orders:.0f} open")
        keep(page, "command_center_warehouse_gone")
    finally:
        filled_site.warehouse_server.start()
    expect(banner).to_be_hidden()


def test_a_dead_snapshot_process_is_started_again(filled_site, page):
    (snapshot_process,) = filled_site.children("pbm360.operations.service")
    snapshot_process.kill()
    tick = int(page.evaluate("document.body.dataset.tick"))
    page.wait_for_function("(tick) => Number(document.body.dataset.tick) > tick + 1", arg=tick)
    assert [child.pid for child in filled_site.children("pbm360.operations.service")] != [snapshot_process.pid]


def test_a_foreign_host_name_is_refused(site):
    answer = requests.get(site.url, headers={"Host": "attacker.example"}, timeout=20)
    assert answer.status_code == 403


def test_the_server_is_bound_to_the_loopback_alone(site):
    import psutil

    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(site.process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_nothing_was_an_error_on_the_console(page, wall):
    assert wall[1].errors == []


def test_the_kernel_of_a_crashed_tab_is_culled_within_two_minutes(site, crashed_tab):
    viewer, kernel, crashed_at = crashed_tab
    while viewer.get(f"{site.url}api/kernels/{kernel}").status == 200:
        assert time.monotonic() - crashed_at < 120, "the kernel of a crashed tab still runs"
        time.sleep(0.2)


def test_dead_kernels_are_noticed_by_the_page_which_then_comes_back_by_itself(filled_site, page):
    page.evaluate("window.isOfBefore = true")
    for kernel in filled_site.children("ipykernel_launcher"):  # the page's own, and those that wait for a viewer
        kernel.kill()
    page.evaluate("Math.random = () => 0.3")  # pages come back one after another; this one is among the first
    page.evaluate(JUMP, 50_000)
    expect(page.get_by_test_id("banner")).to_contain_text("Stale")
    page.wait_for_function("() => !window.isOfBefore && Number(document.body?.dataset.tick) > 0")
    expect(page.get_by_test_id("banner")).to_be_hidden()
    assert number(page, "open") >= 50
