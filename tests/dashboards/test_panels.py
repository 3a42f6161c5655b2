"""Each panel of the Command Center shows what a query of its own says. Where an hour or five minutes end between the
page and the query, both are asked again.
"""

import collections
import datetime
import math
import re

import pytest
from playwright.sync_api import expect

from pbm360.figures.feeds import QUIET_SHARE
from pbm360.process import FEW_ORDERS
from tests.dashboards.browser import READ_CHART, agree, bars
from tests.dashboards.panel_rows import PATIENT_COUNT, USUAL_COUNT

NAMES = {"ups": "UPS", "fedex": "FedEx", "usps": "USPS", None: "No carrier yet"}
HOUR = datetime.timedelta(hours=1)
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
OWN_WEEKS = """
    select carrier, round(100 * avg(if(is_on_time, 1, 0)), 1) as share
    from pbm_serving.order_lifecycle
    where
        status = 'delivered' and carrier is not null and is_on_time is not null
        and delivered_at < timestamp_trunc(@now, isoweek)
        and delivered_at >= timestamp_sub(timestamp_trunc(@now, isoweek), interval 56 day)
    group by carrier
"""
MOVED = """
    select
        format_timestamp('%Y-%m-%d %H:00', {name}_at) as hour,
        timestamp_trunc({name}_at, hour) = timestamp_trunc(@now, hour) as is_running,
        count(*) as n
    from pbm_serving.order_lifecycle
    where {name}_at >= timestamp_sub(timestamp_trunc(@now, hour), interval 48 hour)
    group by hour, is_running
"""
SHIPPED_BEFORE = """
    select date(shipped_at) as day, extract(hour from shipped_at) as hour, count(*) as n
    from pbm_gold.fact_order_lifecycle
    where shipped_at is not null
    group by day, hour
"""
FIRST_DAY = """
    select min(received_date) as day
    from pbm_gold.fact_order_lifecycle
    where received_date >= date_sub(date(@now), interval 28 day)
"""
BACKLOG = """
    select
        countif(status = 'open' and shipped_at is null) as waiting,
        countif(received_at > timestamp_sub(@now, interval 24 hour)) as came,
        countif(
            shipped_at > timestamp_sub(@now, interval 24 hour)
            or cancelled_at > timestamp_sub(@now, interval 24 hour)
        ) as gone
    from pbm_serving.order_lifecycle
"""
MEDIAN_AGE = """
    select distinct
        percentile_cont(timestamp_diff(@now, stage_entered_at, second) / 3600, 0.5) over () as hours
    from pbm_serving.order_lifecycle
    where status = 'open'
"""
FORESEEN = """
    select
        order_id,
        concat(cast(round(100 * p_miss_sla) as string), ' %') as chance,
        format_timestamp('%Y-%m-%d %H:%M UTC', due_at) as due,
        format_timestamp('%Y-%m-%d %H:%M UTC', eta_p90_at) as eta,
        reason_1 as why
    from pbm_ops.risk_scores
    where due_at > @now and p_miss_sla > 0
    order by p_miss_sla desc
"""
ALERTS = """
    select
        concat(subject, ': ', message) as what,
        coalesce(acknowledged_by, owner) as whose,
        format_timestamp('%Y-%m-%d %H:%M UTC', opened_at) as since,
        severity
    from pbm_ops.alerts
    where closed_at is null
    order by severity
"""
BEATS = """
    select
        format_timestamp('%Y-%m-%d %H:%M:%S UTC', max(beat_at)) as last,
        timestamp_diff(@now, max(beat_at), second) as age
    from pbm_ops.heartbeats
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
    select
        countif(known_at > timestamp_sub(@now, interval 1 hour)) as n,
        countif(
            known_at > timestamp_sub(@now, interval 169 hour) and known_at <= timestamp_sub(@now, interval 168 hour)
        ) as usual
    from pbm_silver.stg_order_events
    where source = 'wms'
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
    select
        countif(received_at >= @since and received_at <= @now) as received,
        countif(shipped_at >= @since and shipped_at <= @now) as shipped,
        countif(status = 'delivered' and delivered_at >= @since) as delivered,
        countif(status = 'cancelled' and cancelled_at >= @since) as cancelled,
        countif(status = 'open' and sla_due_at >= @since and sla_due_at <= @now) as breached,
        countif(status = 'open' and promised_at >= @since and promised_at <= @now) as promise,
        countif(stage = 'EXCEPTION' and stage_entered_at >= @since) as exception,
        countif(stage = 'ATTEMPT_FAILED' and stage_entered_at >= @since) as attempt,
        countif(stage = 'PA_DENIED' and stage_entered_at >= @since) as denied
    from pbm_serving.order_lifecycle
"""


def now():
    return datetime.datetime.now(datetime.UTC)


@pytest.fixture(scope="module")
def page(asked, open_page):
    """The page, once what changes slowly has been read too; at the end nothing was an error or came from elsewhere."""
    page, record = open_page()
    page.wait_for_function("() => document.querySelector('tr[data-order=P0]')")
    expect(page.get_by_test_id("table-feeds").locator("tbody tr")).to_have_count(6)
    expect(page.get_by_test_id("panel-bottleneck").locator(".card-subtitle")).to_contain_text("Fill")
    yield page
    assert (record.errors, record.outside()) == ([], [])


def expectations(asked):
    """Say by hand when each open order is expected: at half and at nine tenths of the like deliveries that took longer.

    One dict an order: promised_at, patient_key, half_at, most_at (absent where no delivery is like it).
    """
    taken = {}
    for row in asked(REMAINING):
        taken.setdefault(row["stage"], []).append(row["hours"])
    for order in asked(OPEN):
        age = (now() - order["stage_entered_at"]) / HOUR
        longer = sorted(hours for hours in taken.get(order["stage"], ()) if hours > age)
        if longer:
            for name, share in (("half_at", 0.5), ("most_at", 0.9)):
                hours = longer[math.ceil(share * len(longer)) - 1]
                order[name] = order["stage_entered_at"] + datetime.timedelta(hours=hours)
        yield order


def cells(row, *names, attribute=""):
    """Return a row's cells: their texts, or an attribute of theirs."""
    found = [row.locator(f"td[data-column={name}]") for name in names]
    return [cell.get_attribute(attribute) if attribute else cell.inner_text() for cell in found]


def test_median_age(asked, page):
    tile = page.get_by_test_id("tile-median_age")
    agree(
        lambda: round(float(tile.get_attribute("data-number")), 1),
        lambda: round(asked(MEDIAN_AGE, now=now())[0]["hours"], 1),
    )


def test_ageing(asked, page):
    agree(
        lambda: {band: count for band, count in bars(page, "ageing").items() if count},
        lambda: {row["band"]: row["n"] for row in asked(AGEING, now=now())},
    )


def test_carriers_beside_their_own_weeks_before(asked, page):
    def shown():
        dots, _, before, *_ = page.evaluate(READ_CHART, "carriers")
        points = zip(dots["y"], dots["customdata"], dots["x"], strict=True)
        kept = {name: (*kept_of, share) for name, kept_of, share in points}
        return kept, dict(zip(before["y"], before["x"], strict=True))

    def counted():
        rows = {NAMES[row["carrier"]]: row for row in asked(CARRIERS, now=now())}
        kept = {name: (row["kept"], row["n"], round(100 * row["kept"] / row["n"], 1)) for name, row in rows.items()}
        before = {NAMES[row["carrier"]]: row["share"] for row in asked(OWN_WEEKS, now=now())}
        return kept, {name: share for name, share in before.items() if name in kept}

    agree(shown, counted)
    assert len(shown()[1]) >= 2


def viewers_hour(text):
    """Return an hour (UTC) as the chart has it in the browser's zone, which is that of this machine."""
    return f"{datetime.datetime.fromisoformat(f'{text}Z').astimezone():%Y-%m-%d %H:%M}"


def test_throughput_in_the_viewers_zone(asked, page):
    def shown():
        traces = {trace["name"]: trace for trace in page.evaluate(READ_CHART, "throughput")}
        return {
            name: {hour: n for hour, n in zip(traces[name]["x"], traces[name]["y"], strict=True) if n}
            for name in ("shipped", "received", "delivered")
        }

    def counted():
        moved = {}
        for name in ("shipped", "received", "delivered"):
            rows = asked(MOVED.format(name=name), now=now())
            moved[name] = {
                viewers_hour(row["hour"]): row["n"] for row in rows if name == "shipped" or not row["is_running"]
            }
        return moved

    agree(shown, counted)
    assert all(shown().values())


def planned(asked):
    """Return what each of the last 48 hours and this one usually ships: the mean of that hour of the same weekdays."""
    today, hours = now().date(), [now().replace(minute=0, second=0, microsecond=0) - n * HOUR for n in range(49)]
    first = asked(FIRST_DAY, now=now())[0]["day"]
    days = [today - datetime.timedelta(days=n) for n in range(1, 29) if today - datetime.timedelta(days=n) >= first]
    shipped = {(row["day"], row["hour"]): row["n"] for row in asked(SHIPPED_BEFORE)}
    plan = {}
    for hour in hours:
        alike = [day for day in days if day.weekday() == hour.weekday()]
        mean = sum(shipped.get((day, hour.hour), 0) for day in alike) / len(alike)
        plan[viewers_hour(f"{hour:%Y-%m-%d %H:%M}")] = round(mean, 2)
    return plan


def test_the_plan_and_the_backlog_of_throughput(asked, page):
    def shown():
        traces = {trace["name"]: trace for trace in page.evaluate(READ_CHART, "throughput")}
        plan = traces.get("plan: usual shipments", {"x": [], "y": []})
        return {hour: n for hour, n in zip(plan["x"], plan["y"], strict=True) if n}

    agree(shown, lambda: {hour: n for hour, n in planned(asked).items() if n})
    assert len(shown()) >= 12
    subtitle = page.get_by_test_id("panel-throughput").locator(".card-subtitle")

    def backlog():
        (row,) = asked(BACKLOG, now=now())
        return f"backlog before shipping {row['waiting']:,} ({row['came'] - row['gone']:+,} in 24 h)"

    agree(lambda: subtitle.inner_text().rpartition(" · ")[2], backlog)


def test_cold_chain(asked, page):
    def counted():
        (row,) = asked(COLD, now=now())
        return {"In range": row["in_range"], "Outside too long": row["outside"], "Not watched": row["not_watched"]}

    agree(lambda: bars(page, "cold_chain"), counted)


def test_what_is_foreseen(asked, page):
    rows = page.get_by_test_id("table-foreseen").locator("tbody tr")

    def shown():
        return [
            [*cells(row, "order_id", "p_miss_sla"), *cells(row, "due_at", "eta_p90_at", attribute="title")]
            + cells(row, "reason")
            for row in rows.all()
        ]

    agree(shown, lambda: [list(row.values()) for row in asked(FORESEEN, now=now())])
    assert len(shown()) == 3


def test_alerts(asked, page):
    rows = page.get_by_test_id("table-alerts").locator("tbody tr")
    signs = {"critical": "■ Critical", "high": "▲ High", "medium": "● Medium"}

    def shown():
        return [
            [*cells(row, "message", "owner"), *cells(row, "opened_at", attribute="title"), *cells(row, "severity")]
            for row in rows.all()
        ]

    agree(shown, lambda: [[row["what"], row["whose"], row["since"], signs[row["severity"]]] for row in asked(ALERTS)])
    expect(page.get_by_test_id("table-alerts").locator(".card-subtitle")).to_contain_text("2 open, 1 of them not taken")


def test_what_the_head_says_of_stream_and_batch(asked, page):
    stream, batch = page.get_by_test_id("chip-stream"), page.get_by_test_id("chip-batch")

    def counted():
        (row,) = asked(BEATS, now=now())
        return f"▲ Stream quiet for {row['age'] / 60:.0f} min", f"last event or heartbeat {row['last']}"

    agree(lambda: (stream.inner_text(), stream.get_attribute("title")), counted)
    (day,) = asked("select max(run_date) as day from pbm_ops.batch_runs where status = 'published'")
    assert batch.inner_text() == f"● Batch through {day['day']:%d %b}"


def test_bottleneck_with_its_reason(asked, page):
    said = page.get_by_test_id("panel-bottleneck").locator(".card-subtitle")

    def counted():
        (row,) = asked(MOVES, now=now())
        waiting = sum(order["stage"] == "FILL" for order in asked(OPEN))
        before = waiting - row["came"] + row["gone"]
        growth, lateness = max((waiting - before) / waiting, 0), 2.5 / 24  # those that went on waited 2.5 of 24 hours
        score = (row["came"] + FEW_ORDERS) / (row["gone"] + FEW_ORDERS) * (1 + growth) * (1 + lateness) / 2
        return f"Fill: {row['came']} came, {row['gone']} left in 24 h; {waiting} wait", round(score, 2)

    agree(lambda: (said.inner_text().rpartition("; one in")[0], bars(page, "bottleneck").get("Fill")), counted)


def test_expected_delivery_against_the_promise(asked, page):
    def counted():
        counts = collections.Counter()
        for order in expectations(asked):
            promised = order["promised_at"]
            if promised and promised < now():
                counts["late"] += 1
            elif promised and "half_at" in order:
                rather, perhaps = order["half_at"] > promised, order["most_at"] > promised
                counts["rather" if rather else "perhaps" if perhaps else "course"] += 1
        return [counts[name] for name in ("late", "rather", "perhaps", "course")]

    agree(lambda: list(bars(page, "expected").values()), counted)
    late, rather, perhaps, course = counted()
    assert min(late + rather, perhaps + course) > 0


def test_who_runs_out_first(asked, page):
    rows = page.get_by_test_id("table-gaps").locator("tbody tr")

    def shown():
        texts = rows.locator("td[data-column=slack_days]").all_inner_texts()
        orders = [row.get_attribute("data-order") for row in rows.all()]
        return {key: float(text.removesuffix(" d").replace("−", "-")) for key, text in zip(orders, texts, strict=True)}

    def reckoned():
        runout = {row["patient_key"]: row["runout_at"] for row in asked(RUNOUT)}
        return {
            order["order_id"]: (runout[order["patient_key"]] - order["most_at"]) / datetime.timedelta(days=1)
            for order in expectations(asked)
            if order["patient_key"] in runout and "most_at" in order
        }

    agree(lambda: sorted(shown()), lambda: sorted(reckoned()))
    seen, slack = shown(), reckoned()
    assert list(seen) == sorted(slack, key=slack.get) and len(seen) == PATIENT_COUNT
    assert seen == pytest.approx(slack, abs=0.06)


def test_feeds(asked, page):
    row = page.get_by_test_id("table-feeds").locator("tbody tr", has_text="Warehouse scanners")
    names = ("source", "event_count_hour", "usual_count_hour", "state")

    def counted():
        (heard,) = asked(HEARD, now=now())
        state = "▲ Quiet" if 0.1 <= heard["n"] / heard["usual"] < QUIET_SHARE else "■ Silent"
        return ["Warehouse scanners", str(heard["n"]), str(heard["usual"]), state]

    agree(lambda: cells(row, *names), counted)
    assert counted()[2] == str(USUAL_COUNT)


def test_what_changed_since_an_hour_ago(asked, page):
    panel = page.get_by_test_id("since")
    panel.locator("select").select_option("hour")

    def counted():
        moment = now()
        since = moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0) - HOUR
        return asked(CHANGED, since=since, now=moment)[0]

    def shown():
        return {
            item.get_attribute("data-key"): int(item.locator("b").inner_text()) for item in panel.locator("li").all()
        }

    agree(shown, counted)
    assert min(counted()[key] for key in ("cancelled", "breached", "exception", "attempt", "denied")) > 0
    assert re.search(r"\d\d:\d\d", panel.locator(".card-subtitle").inner_text())
