"""The Command Center for everybody: by keyboard, by screen reader, in another zone, and where a part of it fails."""

import datetime
import itertools
import re
import signal
import zoneinfo

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from pbm360.dashboard_server import DASHBOARDS, TEMPLATE
from tests.dashboards.browser import READ_CHART, accessibility_faults, agree, bars

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
CHARTS = ("stages", "throughput", "expected", "bottleneck", "ageing", "carriers", "cold_chain")
READ_NUMBERS = """(key) => {
    const table = document.querySelector(`[data-testid="panel-${key}"] .plot-numbers table`);
    return [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent));
}"""
TABBED = """() => {
    const { activeElement } = document;
    if (activeElement === document.body) return null;
    activeElement.dataset.tabbed ??= document.querySelectorAll("[data-tabbed]").length;
    return activeElement.dataset.tabbed;
}"""
PLACES = """() => [...document.querySelectorAll("a[href], button, select, input, [tabindex='0']")]
    .filter((node) => node.checkVisibility() && !node.closest("#loading"))
    .map((node) => [node.tagName, node.dataset.tabbed])"""
ENDED = "update pbm_gold.fact_order_lifecycle set status = @status where order_id = @order_id"
WAIT_FOR_STALE = "document.body.classList.contains('is-stale')"
AGE = (
    "(milliseconds) => { const now = performance.now.bind(performance); performance.now = () => now() + milliseconds; }"
)


@pytest.fixture(scope="module")
def page(asked, open_page):
    """The page with all its panels; at the end nothing was an error or came from elsewhere."""
    page, record = open_page()
    expect(page.get_by_test_id("table-feeds").locator("tbody tr")).to_have_count(6)
    page.wait_for_function("() => document.querySelector('tr[data-order=P0]')")
    yield page
    assert (record.errors, record.outside()) == ([], [])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 360)])
def test_no_rule_of_accessibility_is_broken(page, keep, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert accessibility_faults(page, scheme) == []
    keep(page, f"command_center_{scheme}_{width}")


def test_nor_is_one_with_a_drawer_a_past_moment_and_a_warning(site, page, keep):
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.get_by_label("Past moment").press("ArrowLeft")
    expect(page.get_by_test_id("panel-then").locator(".card-title")).to_have_text("What was shown then?")
    page.get_by_test_id("table-gaps").locator("tr[data-order=P0] button").click()
    expect(page.get_by_test_id("drawer").locator(".events li")).to_have_count(1)
    (reader,) = site.children("pbm360.operations.service")
    reader.send_signal(signal.SIGSTOP)
    try:
        page.evaluate(AGE, 11_000)
        page.wait_for_function(WAIT_FOR_STALE)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert (
                accessibility_faults(page, scheme, ".drawer", ".look-back", ".banner", "[data-testid=panel-then]") == []
            )
            keep(page, f"command_center_all_open_{scheme}")
    finally:
        reader.send_signal(signal.SIGCONT)
    expect(page.get_by_test_id("banner")).to_be_hidden()
    page.emulate_media(color_scheme="light")
    page.get_by_test_id("drawer").get_by_role("dialog").press("Escape")
    page.get_by_role("button", name="Back to now").click()


def test_each_chart_has_its_numbers_in_a_table_for_who_can_not_see_it(page):
    for key in CHARTS:
        panel = page.get_by_test_id(f"panel-{key}")
        drawing, table = panel.locator(".plot-area[role=img]"), panel.get_by_role("table")
        assert drawing.get_attribute("aria-details") == table.get_attribute("id")
        expect(table.locator("caption")).to_have_text(f"The numbers of: {panel.get_by_role('heading').inner_text()}")
        (what, *heads), *rows = page.evaluate(READ_NUMBERS, key)
        assert what and all(heads) and rows and {len(row) for row in rows} == {1 + len(heads)}, key
    for key in ("expected", "bottleneck", "ageing", "cold_chain"):
        rows = page.evaluate(READ_NUMBERS, key)[1:]
        numbers = {what: max(float(text.replace(",", "")) for text in texts if text != "–") for what, *texts in rows}
        assert numbers == {what: round(value, 2) for what, value in bars(page, key).items()}, key


def test_a_charts_table_follows_its_numbers(page):
    def of_table():
        (_, *names), *rows = page.evaluate(READ_NUMBERS, "stages")
        return {re.sub(" ≤.*", "", row[0]): dict(zip(names, row[1:], strict=True)) for row in rows}

    def of_chart():
        found = {}
        for trace in page.evaluate(READ_CHART, "stages"):
            for label, count in zip(trace["y"], trace["x"], strict=True) if trace["type"] == "bar" else ():
                found.setdefault(label, {})[trace["name"]] = f"{count:,}"
        return found

    agree(of_table, of_chart)
    before = of_table()
    page.get_by_test_id("filter-carrier").select_option("ups")
    agree(lambda: of_table() == of_chart() and of_table() != before, lambda: True)
    page.get_by_role("button", name="Clear filters").click()
    agree(lambda: of_table() == before, lambda: True)


def test_the_tab_key_reaches_everything_in_the_order_in_which_it_is_read(page):
    page.evaluate("document.querySelector('a').focus()")
    for _ in range(400):
        if page.evaluate(TABBED) is None:
            break
        page.keyboard.press("Tab")
    places = page.evaluate(PLACES)
    assert [int(place) for _, place in places] == list(range(len(places)))
    assert {"A", "SELECT", "BUTTON", "INPUT", "DIV"} <= {tag for tag, _ in places}
    assert len(places) < 400


def test_filters_lists_and_the_slider_obey_the_keyboard(page):
    chosen = page.get_by_test_id("filter-carrier")
    chosen.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Clear filters")).to_be_visible()
    assert chosen.input_value() != "" and "#carrier=" in page.url
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Clear filters")).to_be_hidden()
    expect(chosen).to_be_focused()
    page.get_by_role("button", name="Worst first").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Longest overdue")).to_have_attribute("aria-pressed", "true")
    slider = page.get_by_label("Past moment")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("panel-then")).to_be_visible()
    assert "UTC" in slider.get_attribute("aria-valuetext")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("panel-then")).to_be_hidden()


def test_a_keyboard_keeps_its_place_while_the_numbers_move(page):
    button = page.get_by_test_id("table-gaps").locator("tbody tr").first.locator("button")
    button.focus()
    tick = int(page.evaluate("document.body.dataset.tick"))
    page.wait_for_function("(tick) => Number(document.body.dataset.tick) > tick + 1", arg=tick)
    assert page.evaluate("document.activeElement.className") == "row-button"
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("drawer").get_by_role("dialog")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_the_focus_stays_when_the_row_above_goes_and_falls_to_no_other_order(site, page):
    rows = page.get_by_test_id("table-gaps").locator("tbody tr")
    first, second = (rows.nth(place).get_attribute("data-order") for place in (0, 1))
    button = page.get_by_test_id("table-gaps").locator(f"tr[data-order='{second}'] button")
    button.focus()
    try:
        site.warehouse.query(ENDED, {"status": "cancelled", "order_id": first})
        expect(page.get_by_test_id("table-gaps").locator(f"tr[data-order='{first}']")).to_have_count(0)
        expect(button).to_be_focused()
        site.warehouse.query(ENDED, {"status": "cancelled", "order_id": second})
        expect(button).to_have_count(0)
        expect(page.get_by_test_id("table-gaps").locator(".table-scroll")).to_be_focused()
    finally:
        for order_id in (first, second):
            site.warehouse.query(ENDED, {"status": "open", "order_id": order_id})
    expect(button).to_have_count(1)


def test_a_viewer_in_new_york_reads_their_own_time_with_utc_at_hand(asked, open_page):
    page, record = open_page(timezone_id="America/New_York", locale="en-US")

    def local(utc, form):
        return utc.astimezone(NEW_YORK).strftime(form)

    page.get_by_test_id("table-foreseen").locator("tbody tr").first.wait_for()
    told = page.get_by_test_id("as-of").inner_text()
    now = datetime.datetime.now(datetime.UTC)
    in_utc = re.search(r"\((\d\d:\d\d:\d\d) UTC\)", told).group(1)
    at = datetime.datetime.combine(now, datetime.time.fromisoformat(in_utc), datetime.UTC)
    zone = local(at, "%Z")
    assert f"as of {local(at, '%I:%M:%S %p')} {zone} ({at:%H:%M:%S} UTC) · " in told
    due = page.get_by_test_id("table-foreseen").locator("td[data-column=due_at]").first
    due_at = datetime.datetime.strptime(due.get_attribute("title"), "%Y-%m-%d %H:%M UTC").replace(tzinfo=datetime.UTC)
    shown = due.inner_text().replace("\u00a0", " ")
    assert shown == local(due_at, "%a, %b %-d, %I:%M %p")
    (scored_at,) = [row["at"] for row in asked("select max(scored_at) as at from pbm_ops.risk_scores")]
    subtitle = page.get_by_test_id("table-foreseen").locator(".card-subtitle")
    expect(subtitle).to_have_text(
        f"by counted-1; scored {local(scored_at, '%b %-d, %I:%M %p')} {zone} ({scored_at:%H:%M} UTC)"
    )
    (beat_at,) = [row["at"] for row in asked("select max(beat_at) as at from pbm_ops.heartbeats")]
    said = f"last event or heartbeat {local(beat_at, '%b %-d, %I:%M:%S %p')} {zone} ({beat_at:%H:%M:%S} UTC)"
    expect(page.get_by_test_id("chip-stream")).to_have_attribute("title", said)
    offset = int(now.astimezone(NEW_YORK).utcoffset() / datetime.timedelta(hours=1))
    chart = page.get_by_test_id("panel-throughput").locator(".js-plotly-plot")
    axis = chart.evaluate("(node) => node.layout.xaxis.title.text.replaceAll('<br>', ' ')")
    assert axis.startswith(f"hour ({zone}, UTC−{-offset});")
    bar = page.evaluate(READ_CHART, "throughput")[0]
    assert bar["hovertemplate"].startswith("%{y:,} shipped (from %{customdata} UTC)")
    running = now.replace(minute=0, second=0, microsecond=0)
    assert (bar["x"][-1], bar["customdata"][-1]) in [
        (local(hour, "%Y-%m-%d %H:%M"), f"{hour:%H:%M}") for hour in (running, running - datetime.timedelta(hours=1))
    ]
    assert (record.errors, record.outside()) == ([], [])


def test_without_the_chart_library_the_numbers_are_shown_in_tables(asked, browser, site, keep):
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.route("**/plotly.min.js*", lambda route: route.abort())
    page = context.new_page()
    page.goto(site.url, wait_until="commit")
    for key in CHARTS:
        panel = page.get_by_test_id(f"panel-{key}")
        expect(panel).to_contain_text("This chart can't be drawn")
        expect(panel.get_by_role("heading")).not_to_be_empty()
        expect(panel.get_by_role("table").locator("tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert accessibility_faults(page, "light", "[data-testid=panel-throughput]") == []
    keep(page, "command_center_without_charts")
    context.close()


def test_a_page_that_never_loads_says_so_and_loads_itself_anew(asked, browser, site):
    context = browser.new_context()
    refusals = itertools.count()
    context.route("**/voila.js*", lambda route: route.abort() if next(refusals) == 0 else route.continue_())
    page = context.new_page()
    page.clock.install()
    page.goto(site.url)
    expect(page.locator("#loading_text")).to_have_text("Reading the latest picture …")
    page.clock.fast_forward(16_000)
    expect(page.locator("#loading_text")).to_contain_text("This takes longer than it should")
    page.clock.fast_forward(45_000)
    page.wait_for_function("document.body && Number(document.body.dataset.tick) > 0")
    assert next(refusals) == 2
    context.close()


def test_a_step_that_fails_on_the_server_is_said_in_place_of_the_page(site, browser, keep):
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="secret", traceback=["secret"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("center = 1 / 0", outputs=[error])])
    notebook.metadata["title"] = "Operational Command Center"
    folders = [str(DASHBOARDS / "template" / "voila" / "templates")]
    exporter = HTMLExporter(
        template_name=TEMPLATE, template_file="index.html.j2", extra_template_basedirs=folders, exclude_input=True
    )
    exporter.register_filter("trusted", lambda output: output)
    page_config = {"fullStaticUrl": "/none"}
    kernel = {"kernel_start": lambda _: "none", "cell_generator": lambda nb, _: nb.cells}
    exporter.environment.globals.update(kernel, page_config=page_config, main_js="none.js")
    document, _ = exporter.from_notebook_node(notebook, {"base_url": "/", "plotly_version": "0"})
    context = browser.new_context(viewport={"width": 1440, "height": 600})
    context.route(site.url, lambda route: route.fulfill(body=document, content_type="text/html"))
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_test_id("page-error")).to_have_text(re.compile("a step of it failed on the server.*Reload"))
    expect(page.locator("#loading")).to_have_count(0)
    assert "secret" not in page.content() and "1 / 0" not in page.content()
    keep(page, "command_center_error")
    context.close()
