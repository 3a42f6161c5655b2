"""Each panel of the Command Center shows what a query of its own says, and can be used by everybody."""

import datetime
import math
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pbm360.process import FEW_ORDERS
from tests.fact_rows import fact_row

NOW = datetime.datetime.now(datetime.UTC)
DRUG, PATIENT_COUNT = "99999000101", 6
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
READ_CHART = """(key) => document.querySelector(`[data-testid="panel-${key}"] .js-plotly-plot`).data"""
AGEING = """
    select
        case
            when used <= 0.25 then 'to 25 %' when used <= 0.5 then '25–50 %' when used <= 0.8 then '50–80 %'
            when used <= 1 then '80–100 %' when used <= 2 then '1–2 ×' when used <= 5 then '2–5 ×' else 'over 5 ×'
        end as band,
        count(*) as n
    from (
        select
            timestamp_diff(@now, stage_entered_at, second)
            / timestamp_diff(sla_due_at, stage_entered_at, second) as used
        from pbm_serving.order_lifecycle
        where status = 'open'
    )
    group by band
"""
CARRIERS = """
    select
        carrier,
        count(*) as n,
        countif(status = 'delivered' and is_on_time) as kept
    from pbm_serving.order_lifecycle
    where
        (status = 'delivered' and is_on_time is not null and delivered_at >= timestamp_sub(@now, interval 7 day))
        or (status = 'open' and promised_at < @now)
    group by carrier
"""
SHIPPED = """
    select format_timestamp('%Y-%m-%d %H:00', shipped_at) as hour, count(*) as n
    from pbm_serving.order_lifecycle
    where shipped_at >= timestamp_sub(timestamp_trunc(@now, hour), interval 48 hour)
    group by hour
"""
COLD = """
    select
        countif(is_temperature_monitored and is_in_temperature) as in_range,
        countif(is_temperature_monitored and not is_in_temperature) as outside,
        countif(not is_temperature_monitored) as not_watched
    from pbm_serving.order_lifecycle
    where is_cold_chain and shipped_at >= timestamp_sub(@now, interval 7 day)
"""
MOVES = """
    select
        countif(event_type = 'picked') as came,
        countif(event_type = 'filled') as gone
    from pbm_silver.stg_order_events
    where event_at > timestamp_sub(@now, interval 24 hour)
"""
HEARD = """
    select source, countif(known_at > timestamp_sub(@now, interval 1 hour)) as n
    from pbm_silver.stg_order_events
    group by source
"""
OPEN = """
    select order_id, stage, stage_entered_at, promised_at, patient_key
    from pbm_serving.order_lifecycle
    where status = 'open'
"""
REMAINING = """
    select visits.stage, timestamp_diff(orders.delivered_at, visits.entered_at, second) / 3600 as hours
    from pbm_gold.fact_stage_visits as visits
    inner join pbm_gold.fact_order_lifecycle as orders on orders.order_id = visits.order_id
    where orders.status = 'delivered'
"""
RUNOUT = """
    select patient_key, max(timestamp_add(delivered_at, interval days_supply day)) as runout_at
    from pbm_gold.fact_order_lifecycle
    where status = 'delivered' and patient_key is not null
    group by patient_key
"""
CHANGED = """
    select countif(received_at >= @since) as received, countif(shipped_at >= @since) as shipped
    from pbm_serving.order_lifecycle
"""


def orders():
    """Open orders of six patients whose drug ends in days of which each has one more, and what was delivered before."""
    for number in range(PATIENT_COUNT):
        person = {"patient_key": f"p{number}", "drug_ndc": DRUG, "pharmacy_id": "PH1"}
        promised = {"promised_at_hours_ago": -30 + 6 * number}
        yield fact_row(f"P{number}", "FILL", NOW, 1 + number, received_at_hours_ago=1 + number, **person, **promised)
        delivered = {"delivered_at_hours_ago": 24 * (29.5 - number) + 2, "days_supply": 30}
        yield fact_row(f"B{number}", "DELIVERED", NOW, 24 * (29.5 - number) + 2, **delivered, **person)
    for number in range(40):
        hours = {"received_at_hours_ago": 90, "shipped_at_hours_ago": 3 + number % 5, "delivered_at_hours_ago": 2.2}
        kept = {"carrier": ("ups", "fedex")[number % 2], "is_on_time": number % 3 > 0}
        cold = {"is_cold_chain": True, "is_temperature_monitored": number % 4 > 0, "is_in_temperature": number % 8 > 1}
        yield fact_row(f"V{number:02}", "DELIVERED", NOW, 2.2, **hours, **kept, **cold)


def visits():
    """One visit of the stage Fill for each delivery, which took one hour more each."""
    for number in range(40):
        entered = NOW - datetime.timedelta(hours=2.2 + 1 + number)
        yield {
            "order_id": f"V{number:02}",
            "reported_order_id": f"V{number:02}",
            "visit_number": 1,
            "stage": "FILL",
            "entered_at": entered,
            "entered_date": entered.date(),
            "stage_visit_number": 1,
            "is_allowed": True,
        }


def events():
    """Picks of each open order, and of two that went on."""
    moves = [(f"P{number}", "picked", "FILL", 80, 1 + number) for number in range(PATIENT_COUNT)]
    moves += [(f"G{number}", "picked", "FILL", 80, 3) for number in range(2)]
    moves += [(f"G{number}", "filled", "QA", 90, 0.5) for number in range(2)]
    for number, (order_id, kind, stage, place, hours) in enumerate(moves):
        at = NOW - datetime.timedelta(hours=hours)
        event = {"event_id": f"t{number}", "source": "wms", "event_type": kind, "order_id": order_id, "stage": stage}
        event |= {"stage_order": place, "message_id": f"t{number}", "event_date": at.date(), "schema_version": 1}
        yield event | dict.fromkeys(("event_at", "publish_time", "ingested_at", "known_at"), at)


@pytest.fixture(scope="module")
def asked(site):
    """Fill the site, and answer queries of what it holds."""
    warehouse = site.warehouse
    warehouse.load_rows("gold.fact_order_lifecycle", list(orders()))
    warehouse.load_rows("gold.fact_stage_visits", list(visits()))
    warehouse.load_rows("silver.stg_order_events", list(events()))
    run = {"run_id": "panels", "run_date": NOW.date(), "status": "published", "cut_at": NOW, "started_at": NOW}
    warehouse.load_rows("ops.batch_runs", [run | {"finished_at": NOW}])
    return lambda sql, **parameters: warehouse.query(sql, parameters).to_pylist()


@pytest.fixture(scope="module")
def page(asked, open_page):
    """The page, once what changes slowly has been read too."""
    page, _ = open_page()
    page.wait_for_function("() => document.querySelector('tr[data-order=P0]')")
    expect(page.get_by_test_id("table-feeds").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_test_id("panel-bottleneck").locator(".card-subtitle")).to_contain_text("Fill")
    return page


def bars(page, key):
    """Return a chart's bars: the length by the label."""
    found = {}
    for trace in page.evaluate(READ_CHART, key):
        if trace["type"] == "bar":
            labels, lengths = (trace["y"], trace["x"]) if trace.get("orientation") == "h" else (trace["x"], trace["y"])
            found |= dict(zip(labels, lengths, strict=True))
    return found


def expectations(asked):
    """Say by hand when each open order is expected: at half and at nine tenths of the like deliveries that took longer.

    One dict an order: promised_at, patient_key, half_at, most_at (absent where no delivery is like it).
    """
    now, taken = datetime.datetime.now(datetime.UTC), {}
    for row in asked(REMAINING):
        taken.setdefault(row["stage"], []).append(row["hours"])
    for order in asked(OPEN):
        age = (now - order["stage_entered_at"]) / datetime.timedelta(hours=1)
        longer = sorted(hours for hours in taken.get(order["stage"], ()) if hours > age)
        if longer:
            for name, share in (("half_at", 0.5), ("most_at", 0.9)):
                hours = longer[math.ceil(share * len(longer)) - 1]
                order[name] = order["stage_entered_at"] + datetime.timedelta(hours=hours)
        yield order


def test_ageing(asked, page):
    shown = {band: count for band, count in bars(page, "ageing").items() if count}
    assert shown == {row["band"]: row["n"] for row in asked(AGEING, now=datetime.datetime.now(datetime.UTC))}


def test_carriers(asked, page):
    names = {"ups": "UPS", "fedex": "FedEx", "usps": "USPS", None: "No carrier yet"}
    counts = {
        names[row["carrier"]]: (row["kept"], row["n"])
        for row in asked(CARRIERS, now=datetime.datetime.now(datetime.UTC))
    }
    (dots, *_) = page.evaluate(READ_CHART, "carriers")
    assert {name: tuple(kept_of) for name, kept_of in zip(dots["y"], dots["customdata"], strict=True)} == counts
    assert dots["x"] == [round(100 * counts[name][0] / counts[name][1], 1) for name in dots["y"]]


def test_throughput_in_the_viewers_zone(asked, page):
    zone = datetime.datetime.now().astimezone().utcoffset()
    moved = {
        f"{datetime.datetime.fromisoformat(row['hour']) + zone:%Y-%m-%d %H:%M}": row["n"]
        for row in asked(SHIPPED, now=datetime.datetime.now(datetime.UTC))
    }
    assert {hour: count for hour, count in bars(page, "throughput").items() if count} == moved


def test_cold_chain(asked, page):
    (row,) = asked(COLD, now=NOW)
    assert bars(page, "cold_chain") == {
        "In range": row["in_range"],
        "Outside too long": row["outside"],
        "Not watched": row["not_watched"],
    }


def test_bottleneck_with_its_reason(asked, page):
    (row,) = asked(MOVES, now=NOW)
    waiting = sum(order["stage"] == "FILL" for order in asked(OPEN))
    before = waiting - row["came"] + row["gone"]
    growth, lateness = max((waiting - before) / waiting, 0), 2.5 / 24  # the two that went on waited 2.5 of 24 hours
    score = (row["came"] + FEW_ORDERS) / (row["gone"] + FEW_ORDERS) * (1 + growth) * (1 + lateness) / 2
    said = page.get_by_test_id("panel-bottleneck").locator(".card-subtitle").inner_text()
    assert said.startswith(f"Fill: {row['came']} came, {row['gone']} left in 24 h; {waiting} wait")
    assert bars(page, "bottleneck")["Fill"] == pytest.approx(score, abs=0.006)


def test_expected_delivery_against_the_promise(asked, page):
    now, counts = datetime.datetime.now(datetime.UTC), dict.fromkeys(("late", "rather", "perhaps", "course"), 0)
    for order in expectations(asked):
        promised = order["promised_at"]
        if promised and promised < now:
            counts["late"] += 1
        elif promised and "half_at" in order:
            name = "rather" if order["half_at"] > promised else "perhaps" if order["most_at"] > promised else "course"
            counts[name] += 1
    assert list(bars(page, "expected").values()) == list(counts.values())
    assert min(counts["late"] + counts["rather"], counts["perhaps"] + counts["course"]) > 0


def test_who_runs_out_first(asked, page):
    runout = {row["patient_key"]: row["runout_at"] for row in asked(RUNOUT)}
    slack = {
        order["order_id"]: (runout[order["patient_key"]] - order["most_at"]) / datetime.timedelta(days=1)
        for order in expectations(asked)
        if order["patient_key"] in runout and "most_at" in order
    }
    rows = page.get_by_test_id("table-gaps").locator("tbody tr")
    shown = dict(
        zip(
            (row.get_attribute("data-order") for row in rows.all()),
            rows.locator("td[data-column=slack_days]").all_inner_texts(),
            strict=True,
        )
    )
    assert list(shown) == sorted(slack, key=slack.get) and len(shown) == PATIENT_COUNT
    assert {key: float(text.removesuffix(" d").replace("−", "-")) for key, text in shown.items()} == pytest.approx(
        slack, abs=0.06
    )


def test_feeds(asked, page):
    row = page.get_by_test_id("table-feeds").locator("tbody tr")
    (heard,) = asked(HEARD, now=datetime.datetime.now(datetime.UTC))
    assert row.locator("td[data-column=source]").inner_text() == "Warehouse scanners"
    assert int(row.locator("td[data-column=event_count_hour]").inner_text()) == heard["n"]


def test_what_changed_since_an_hour_ago(asked, page):
    panel = page.get_by_test_id("since")
    panel.locator("select").select_option("hour")
    now = datetime.datetime.now(datetime.UTC)
    since = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) - datetime.timedelta(hours=1)
    (row,) = asked(CHANGED, since=since)
    shown = {key: panel.locator(f"li[data-key={key}] b") for key in ("received", "shipped")}
    assert {key: int(text.inner_text()) for key, text in shown.items()} == row
    assert re.search(r"\d\d:\d\d", panel.locator(".card-subtitle").inner_text())


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 360)])
def test_everybody_can_use_it(page, keep, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = Axe().run(page, options=WCAG)
    told = [
        f"{each['id']}: {node['html'][:160]} {node['any']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]
    assert told == []
    keep(page, f"command_center_{scheme}_{width}")


def test_a_keyboard_keeps_its_place_while_the_numbers_move(page):
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 1000})
    button = page.get_by_test_id("table-gaps").locator("tbody tr").first.locator("button")
    button.focus()
    tick = int(page.evaluate("document.body.dataset.tick"))
    page.wait_for_function("(tick) => Number(document.body.dataset.tick) > tick + 1", arg=tick)
    assert page.evaluate("document.activeElement.className") == "row-button"
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("drawer").get_by_role("dialog")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
