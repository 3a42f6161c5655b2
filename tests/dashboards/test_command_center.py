"""The Command Center in a real browser: every number is a query's, it moves in place, and it says when it can't.

The tests share one page, which stands open as it would on a wall; the first test sees the empty warehouse, the last
one kills the kernels.
"""

import contextlib
import datetime
import itertools
import re
import signal
import threading
import time
import urllib.parse

import psutil
import pytest
import requests
from playwright.sync_api import Error, expect

from pbm360.dashboard_kernels import KERNEL_IN_PAGE
from tests.dashboards.browser import CHART_FITS, PHONE_PIXELS, TABLES_FIT, agree
from tests.fact_rows import fact_row

CULLED_SECONDS = 120
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
JUMP_WALL_CLOCK = """(milliseconds) => {
    const now = Date.now;
    Date.now = () => now() + milliseconds;
}"""
JUMP = """(milliseconds) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + milliseconds;
}"""
INK_IS = """(colour) =>
    document.querySelector('[data-testid="panel-stages"] .js-plotly-plot').layout.font.color === colour
"""
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


FILTERED = "select count(*) as n from pbm_serving.order_lifecycle where status = 'open' and"
BOARD_QUERY = """
    select
        label,
        countif(timestamp_add(entered_at, interval cast(sla_hours as int64) hour) < @moment) as breached,
        count(*) as total
    from (
        select
            order_id,
            array_agg(stage order by event_at desc limit 1)[offset(0)] as stage,
            max(event_at) as entered_at
        from pbm_silver.stg_order_events
        where order_id like 'E%' and event_at <= @moment and known_at <= @known_at
        group by order_id
    ) as orders
    inner join pbm_gold.dim_stages as stages on stages.stage = orders.stage
    group by label
"""
WATCH_BANNER = """() => {
    const banner = document.querySelector("[data-testid=banner]");
    const note = () => sessionStorage.setItem("told", `${sessionStorage.getItem("told") ?? ""} ${banner.textContent}`);
    new MutationObserver(note).observe(banner, { subtree: true, childList: true, characterData: true });
}"""


def hand_made_orders(now):
    numbers = itertools.count(1)
    for stage, used, pharmacy in itertools.product(STAGES, SHARES_USED, ("PH1", "PH2")):
        number = next(numbers)
        late = {"promised_at_hours_ago": 3} if stage == "IN_TRANSIT" and used > 1 else {}
        carrier = CARRIERS[number % 3] if stage == "IN_TRANSIT" else None
        shipped = {"shipped_at_hours_ago": 0.5} if stage == "IN_TRANSIT" and used < 0.3 else {}
        row = {"pharmacy_id": pharmacy, "carrier": carrier, "drug_ndc": f"9999900010{number % 2}"} | late | shipped
        row["priority"] = "urgent" if used < 0.3 else "routine"
        yield fact_row(f"A{number:04}", stage, now, used * HOURS[stage], **row)
    for number in range(60):
        is_on_time = number % 10 != 0
        row = {"pharmacy_id": "PH1", "carrier": CARRIERS[number % 3], "is_on_time": is_on_time}
        hours = 0.5 if number < 4 else 2 + number
        yield fact_row(f"D{number:04}", "DELIVERED", now, hours, delivered_at_hours_ago=hours, **row)


def past_events(now):
    """Four orders that were picked 60 or 5 hours ago and went on to the quality check an hour later; of every second
    one that became known three hours after it."""
    for number, (hours, late) in enumerate(itertools.product((60, 5), (0, 3))):
        for kind, stage, place, ago, lag in (("picked", "FILL", 80, hours, 0), ("filled", "QA", 90, hours - 1, late)):
            at = now - datetime.timedelta(hours=ago)
            event = {"event_id": f"E{number}{kind}", "message_id": f"E{number}{kind}", "order_id": f"E{number}"}
            event |= {"source": "wms", "event_type": kind, "stage": stage, "stage_order": place, "schema_version": 1}
            known_at = at + datetime.timedelta(hours=lag)
            event |= dict.fromkeys(("publish_time", "ingested_at", "known_at"), known_at)
            yield event | {"event_at": at, "event_date": at.date()}


@pytest.fixture(scope="module")
def filled_site(site):
    """The site with hand-made orders; tests of the empty one come before."""
    warehouse, now = site.warehouse, datetime.datetime.now(datetime.UTC)
    names = {"PH1": "Harbor", "PH2": "Prairie"}
    latest = {"time_zone": "America/Chicago", "valid_from": now.date(), "is_latest": True}
    rows = [{"pharmacy_id": key, "name": name} | latest for key, name in names.items()]
    warehouse.load_rows("gold.dim_pharmacies", rows)
    warehouse.load_rows("gold.fact_order_lifecycle", list(hand_made_orders(now)))
    return site


@pytest.fixture(scope="module")
def wall(site, open_page):
    """The page on the wall, opened while the warehouse is empty, and its record."""
    return open_page()


@pytest.fixture(scope="module")
def crashed_tab(site, wall, open_page):
    """A tab that crashed: the thread that asks for the kernel that it leaves behind, and after how many seconds that
    was gone (empty: it is still there). The tab had no time to say so."""
    page, _ = open_page()
    kernel, gone_after = KERNEL_IN_PAGE.search(page.content()).group(1), []
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert requests.get(f"{site.url}api/kernels/{kernel}", cookies=cookies, timeout=20).status_code == 200
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash", timeout=10_000)
    crashed_at = time.monotonic()

    def ask() -> None:
        while time.monotonic() - crashed_at < CULLED_SECONDS:
            with contextlib.suppress(requests.RequestException):
                answer = requests.get(f"{site.url}api/kernels/{kernel}", cookies=cookies, timeout=20)
                if answer.status_code != 200:
                    gone_after.append(time.monotonic() - crashed_at)
                    return
            time.sleep(1)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    return asking, gone_after


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


def board(page, key):
    """Return what a board of stages shows: breached and all open orders by stage."""
    return {
        label: (counts["■ Breached"], sum(counts.values()))
        for label, counts in page.evaluate(CHART_COUNTS, key).items()
        if sum(counts.values())
    }


def queried_board(site, pharmacy):
    """Return the same of a query, as of now."""
    parameters = {"now": datetime.datetime.now(datetime.UTC), "pharmacy_id": pharmacy}
    rows = site.warehouse.query(STAGE_QUERY, parameters).to_pylist()
    return {row["label"]: (row["breached"], row["total"]) for row in rows}


def shown_exceptions(page):
    """Return what the table of exceptions shows: the number of orders by what is wrong."""
    groups = page.get_by_test_id("table-exceptions").locator("tbody tr")
    texts = [groups.locator(f"td[data-column={name}]").all_inner_texts() for name in ("what", "order_count")]
    return dict(zip(*texts, strict=True))


def click_point(page, key, number):
    """Click with the mouse on a bar or point of a chart's first trace, as its place in the drawing order."""
    panel = page.get_by_test_id(f"panel-{key}")
    point = panel.locator(".trace").first.locator(".point").nth(number)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(0, 0)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    panel.locator(".hovertext").first.wait_for()
    page.mouse.down()
    page.mouse.up()


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

    def counted():
        now = datetime.datetime.now(datetime.UTC)
        return filled_site.warehouse.query(TILES_QUERY, {"now": now}).to_pylist()[0]

    expected = counted()
    agree(lambda: {key: number(page, key) for key in expected}, counted)
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

    def counted():
        now = datetime.datetime.now(datetime.UTC)
        rows = filled_site.warehouse.query(EXCEPTION_QUERY, {"now": now}).to_pylist()
        return {row["what"]: str(row["n"]) for row in rows}

    agree(lambda: shown_exceptions(page), counted)
    groups.first.click()
    wait_for_tile(page, "open", int(counted()["Past the promised delivery"]))
    assert page.url.endswith("#exception=promise")
    page.get_by_role("button", name="Clear filters").click()
    wait_for_tile(page, "open", 50)


def test_a_click_on_a_stage_filters_everything_and_a_second_one_takes_it_back(page):
    labels = list(page.evaluate(CHART_COUNTS, "stages"))
    click_point(page, "stages", labels.index("Fill"))  # of its breached orders, which are drawn first
    wait_for_tile(page, "open", 10)
    assert page.get_by_test_id("filter-stage").input_value() == "FILL"
    expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text("50 open")
    click_point(page, "stages", labels.index("Fill"))
    wait_for_tile(page, "open", 50)


def test_a_click_on_a_carrier_filters_everything(filled_site, page):
    click_point(page, "carriers", 0)
    expect(page.get_by_role("button", name="Clear filters")).to_be_visible()
    carrier = page.get_by_test_id("filter-carrier").input_value()
    assert carrier in CARRIERS and page.url.endswith(f"#carrier={carrier}")
    (row,) = filled_site.warehouse.query(f"{FILTERED} carrier = @carrier", {"carrier": carrier}).to_pylist()
    wait_for_tile(page, "open", row["n"])
    page.get_by_role("button", name="Clear filters").click()
    wait_for_tile(page, "open", 50)


def test_each_filter_narrows_to_what_a_query_says_and_all_of_them_stand_in_the_address(filled_site, page):
    chosen, conditions = {}, []
    for key, column, value in (
        ("priority", "priority", "routine"),
        ("drug", "drug_ndc", "99999000101"),
        ("carrier", "carrier", "fedex"),
    ):
        chosen[key] = value
        conditions.append(f"{column} = @{key}")
        page.get_by_test_id(f"filter-{key}").select_option(value)
        (row,) = filled_site.warehouse.query(f"{FILTERED} {' and '.join(conditions)}", chosen).to_pylist()
        wait_for_tile(page, "open", row["n"])
        assert 0 < row["n"] < 50
    page.wait_for_function("(count) => location.hash.split('&').length === count", arg=len(chosen))
    assert dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).fragment)) == chosen
    page.get_by_role("button", name="Clear filters").click()
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


def test_the_slider_shows_a_past_moment_twice_as_two_queries_do_and_goes_back_to_now(filled_site, page, keep):
    now = datetime.datetime.now(datetime.UTC)
    filled_site.warehouse.load_rows("silver.stg_order_events", list(past_events(now)))
    panel = page.get_by_test_id("look-back")
    panel.locator("input").evaluate(MOVE_SLIDER)
    expect(page.get_by_test_id("panel-then").locator(".card-title")).to_have_text("What was shown then?")
    expect(panel.locator(".card-subtitle")).to_contain_text("1 of 4 open orders stood elsewhere than was shown")
    moment = datetime.datetime.fromisoformat(panel.locator("time").get_attribute("datetime"))
    assert now - datetime.timedelta(hours=2, minutes=15) < moment < now - datetime.timedelta(hours=1, minutes=30)
    for key, known_at in (("then", moment), ("now", now)):
        rows = filled_site.warehouse.query(BOARD_QUERY, {"moment": moment, "known_at": known_at}).to_pylist()
        assert board(page, key) == {row["label"]: (row["breached"], row["total"]) for row in rows}
    keep(page, "command_center_moment")
    page.get_by_role("button", name="Back to now").click()
    expect(page.get_by_test_id("panel-then")).to_be_hidden()
    filled_site.warehouse.query("delete from pbm_silver.stg_order_events where order_id like 'E%'")


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
    newest = fact_row("N0001", "QA", datetime.datetime.now(datetime.UTC), 0.1, pharmacy_id="PH1")
    filled_site.warehouse.load_rows("gold.fact_order_lifecycle", [newest])
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
    assert width > PHONE_PIXELS or page.evaluate(TABLES_FIT), "a table is cut at its side"
    keep(page, f"command_center_{width}")


def test_a_shared_address_opens_the_view_and_its_stage_board_equals_a_query(filled_site, shared_view):
    page = shared_view
    wait_for_tile(page, "open", 25)
    assert page.get_by_test_id("filter-pharmacy").input_value() == "PH2"
    expect(page.get_by_test_id("panel-stages").locator(".card-subtitle")).to_contain_text("25 open")
    agree(lambda: board(page, "stages"), lambda: queried_board(filled_site, "PH2"))


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
    page.evaluate(JUMP_WALL_CLOCK, 3_600_000)  # as on a machine that slept for an hour, whose other clock stood still
    expect(banner.locator(".banner-age")).to_contain_text(re.compile("6[0-9] min old"))
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
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(site.process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_nothing_was_an_error_on_the_console_and_nothing_left_the_machine(page, wall):
    _, record = wall
    assert record.errors == []
    assert record.outside() == []
    assert len([url for url in record.requests if "plotly.min.js" in url]) == 1


def test_the_kernel_of_a_crashed_tab_is_culled_within_two_minutes(crashed_tab):
    asking, gone_after = crashed_tab
    asking.join()
    assert gone_after, "the kernel of a crashed tab still runs"


def test_dead_kernels_are_noticed_by_the_page_which_then_comes_back_by_itself(filled_site, wall, page):
    _, record = wall
    page.evaluate("window.isOfBefore = true")
    page.evaluate(WATCH_BANNER)
    for kernel in filled_site.children("ipykernel_launcher"):  # the page's own, and those that wait for a viewer
        with contextlib.suppress(psutil.NoSuchProcess):
            kernel.kill()
    page.evaluate("Math.random = () => 0.3")  # pages come back one after another; this one is among the first
    page.evaluate(JUMP, 50_000)
    page.wait_for_function("() => !window.isOfBefore && Number(document.body?.dataset.tick) > 0")
    assert "Stale: these numbers are of" in page.evaluate("sessionStorage.getItem('told')")
    expect(page.get_by_test_id("banner")).to_be_hidden()
    assert number(page, "open") >= 50
    assert record.outside() == []
    assert [error for error in record.errors if "/api/kernels/" not in error] == []  # but of the dead kernel's socket
