"""Render what a page shows of a snapshot: numbers, figures and tables as one JSON document. Frames in, texts out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from pbm360.figures.ageing import ageing
from pbm360.figures.bottleneck import bottleneck_board
from pbm360.figures.carriers import carrier_board
from pbm360.figures.cold_chain import cold_chain_board
from pbm360.figures.expected import expected_board
from pbm360.figures.feeds import feed_rows
from pbm360.figures.foreseen import alert_rows, forecast_words, foreseen_rows
from pbm360.figures.moment import differing_count, moment_boards
from pbm360.figures.order_list import gap_rows, order_rows, worst_rows
from pbm360.figures.since import changes_by_step
from pbm360.figures.stages import stage_board
from pbm360.figures.style import carrier_name, duration_text
from pbm360.figures.throughput import throughput
from pbm360.figures.tiles import tiles
from pbm360.figures.timeline import timeline_rows
from pbm360.operations.choices import matching, offers
from pbm360.operations.expected_delivery import with_expectations
from pbm360.operations.next_actions import exception_groups, with_exceptions
from pbm360.operations.reading import Snapshot

ORDERS_IN_TABLE = 40
QUIET_STREAM_SECONDS = 120.0  # a job on Dataflow beats each minute, a laptop's stream every 10 s


def judged_orders(snapshot: Snapshot) -> pd.DataFrame:
    """Return the snapshot's orders with what is expected of them and which are exceptions."""
    expected = with_expectations(snapshot.orders, snapshot.background, snapshot.as_of)
    return with_exceptions(expected, pd.Timestamp(snapshot.as_of))


def operations_view(snapshot: Snapshot, all_orders: pd.DataFrame, chosen: Mapping[str, str]) -> dict:
    """Return the page of a snapshot through the choices: as_of, chips, filters, tiles, figures, tables, changes.

    `all_orders` are the snapshot's by `judged_orders`. Figures are plotly's JSON, as texts by panel; a table is a list
    of lists of rows (`row_list`).
    """
    orders = matching(all_orders, chosen)
    return {
        "as_of": snapshot.as_of.isoformat(),
        "chips": freshness_chips(snapshot),
        "filters": offers(all_orders),
        "tiles": [asdict(tile) | {"trend": list(tile.trend)} for tile in tiles(orders, snapshot.as_of)],
        "figures": _figures(snapshot, all_orders, orders, chosen),
        "tables": _tables(snapshot, all_orders, orders, chosen),
        "changes": changes_by_step(orders, snapshot.as_of),
    }


def order_view(order_id: str, all_orders: pd.DataFrame, events: pd.DataFrame) -> dict:
    """Return one order's story: a line of facts, the moments that count, its events (dashboards/order_events.sql)."""
    found = all_orders[all_orders["order_id"] == order_id]
    facts, moments = "not among the orders of the last days", []
    if len(found):
        facts, moments = order_facts(found.iloc[0]), order_moments(found.iloc[0])
    return {"order_id": order_id, "facts": facts, "moments": moments, "rows": timeline_rows(events)}


def moment_view(
    rows: pd.DataFrame, stages: pd.DataFrame, chosen: Mapping[str, str], known_at: datetime.datetime
) -> dict:
    """Return a past moment twice, of sql/dashboards/moment.sql: the figures `then` and `now`, and what differs.

    `known_at` (UTC) is when the rows were read: what is known "now" is what was known then.
    """
    rows = matching(rows, chosen)
    then, now = moment_boards(rows, list(stages["stage_label"]))
    note = (
        f"{differing_count(rows):,} of {len(rows):,} open orders stood elsewhere than was shown, by what became known "
        f"later, until {known_at:%d %b %H:%M:%S} UTC"
    )
    return {"figures": {"then": then.to_json(), "now": now.to_json()}, "note": note}


def row_list(key: str, label: str, subtitle: str, rows: list[dict], empty: str) -> dict:
    """Return one list of a table: its key, its button's label, what it says above and where it has no rows."""
    return {"key": key, "label": label, "subtitle": subtitle, "rows": rows, "empty": empty}


def order_facts(row: pd.Series) -> str:
    """Say of an order in a line where it stands, how long, and who works on it."""
    carrier = carrier_name(row["carrier"]) if pd.notna(row["carrier"]) and row["carrier"] else None
    age = f"for {duration_text(row['age_hours'])}" if pd.notna(row["age_hours"]) else None
    limit = f"of {row['sla_hours']:g} h allowed" if age and pd.notna(row["sla_hours"]) else None
    stage = " ".join(part for part in (row["stage_label"], age, limit) if part)
    parts = [stage, row["pharmacy"], row["drug"], carrier]
    return " · ".join(str(part) for part in parts if part is not None and pd.notna(part))


def order_moments(row: pd.Series) -> list[dict]:
    """Return the moments that count for an order: what, and at (ISO 8601, UTC)."""
    columns = {
        "promised": "promised_at",
        "expected": "eta_p50_at",
        "nine in ten by": "eta_p90_at",
        "drug lasts until": "runout_at",
    }
    known = {what: row[column] for what, column in columns.items() if pd.notna(row[column])}
    return [{"what": what, "at": moment.isoformat()} for what, moment in known.items()]


def freshness_chips(snapshot: Snapshot) -> list[dict]:
    """Return what the head says of the stream and the batch: key, state (good, quiet, bad), text and detail.

    A third says that the background is old, where it is.
    """
    return [_stream_chip(snapshot), _batch_chip(snapshot), *_background_chips(snapshot)]


def _figures(snapshot: Snapshot, all_orders: pd.DataFrame, orders: pd.DataFrame, chosen: Mapping[str, str]) -> dict:
    as_of, background = snapshot.as_of, snapshot.background
    flow, weeks, usual = (
        None if background is None else getattr(background, name)
        for name in ("stage_flow", "carrier_weeks", "usual_hours")
    )
    charts = {
        "stages": stage_board(matching(all_orders, chosen, but="stage"), snapshot.stages),
        "throughput": throughput(orders, as_of, None if chosen else usual),  # the plan is of all orders
        "expected": expected_board(orders, is_history_known=background is not None),
        "bottleneck": bottleneck_board(all_orders, flow, is_of_all=bool(chosen)),  # the flow is
        "ageing": ageing(orders).update_xaxes(tickfont={"size": 11}),  # in a third of the page
        "carriers": carrier_board(orders, as_of, weeks if set(chosen) <= {"carrier"} else None),
        "cold_chain": cold_chain_board(orders, as_of),
    }
    return {key: chart.to_json() for key, chart in charts.items()}


def _tables(snapshot: Snapshot, all_orders: pd.DataFrame, orders: pd.DataFrame, chosen: Mapping[str, str]) -> dict:
    groups = exception_groups(matching(all_orders, chosen, but="exception"))
    count = sum(group["order_count"] for group in groups)
    said = f"{count:,} open orders, each by its worst; click one to see its orders"
    red, amber = (int((orders["gap"] == colour).sum()) for colour in ("red", "amber"))
    slack = f"{red:,} run out before delivery, {amber:,} within 3 days of it; by the expected delivery (p90)"
    gaps = gap_rows(orders, count=ORDERS_IN_TABLE)
    background = snapshot.background
    feeds = [] if background is None else feed_rows(background.feeds)
    heard = "in the last hour, against the same hour of the weeks before" + (" · of all orders" if chosen else "")
    no_gaps, no_feeds = "No refill is open whose patient's supply is known", "No source was heard in four weeks"
    if background is None:
        slack = heard = no_gaps = no_feeds = "Reading …"
    return {
        "orders": _order_lists(orders),
        "exceptions": [row_list("all", "", said, groups, "Nothing is wrong")],
        "gaps": [row_list("all", "", slack, gaps, no_gaps)],
        "feeds": [row_list("all", "", heard, feeds, no_feeds)],
        **_foreseen(snapshot, all_orders, orders, chosen),
    }


def _foreseen(snapshot: Snapshot, all_orders: pd.DataFrame, orders: pd.DataFrame, chosen: Mapping[str, str]) -> dict:
    background = snapshot.background
    if background is None or background.risk is None or background.alerts is None:
        return {key: [row_list("all", "", "Reading …", [], "Reading …")] for key in ("foreseen", "alerts")}
    risk = background.risk[background.risk["order_id"].isin(orders["order_id"])]
    rows = foreseen_rows(risk, snapshot.as_of, count=ORDERS_IN_TABLE)
    alerts = background.alerts
    if chosen:  # an alert's subject is an order, or a stage, a carrier or a source
        is_another = alerts["subject"].isin(all_orders["order_id"]) & ~alerts["subject"].isin(orders["order_id"])
        alerts = alerts[~is_another]
    told, waiting = alert_rows(alerts), int(alerts["acknowledged_by"].isna().sum())
    counted = f"{len(told):,} open, {waiting:,} of them not taken yet: pbm360 alerts acknowledge"
    if chosen:
        counted += " · of these orders, and of all stages, carriers and sources"
    said, no_rows = forecast_words(background.risk, snapshot.as_of), "No open order is foreseen to miss its SLA"
    return {
        "foreseen": [row_list("all", "", said, rows, no_rows)],
        "alerts": [row_list("all", "", counted, told[:ORDERS_IN_TABLE], "No alert is open")],
    }


def _order_lists(orders: pd.DataFrame) -> list[dict]:
    hours = orders.loc[orders["status"] == "open", "hours_to_breach"]
    wrong, late, early = int(orders["exception"].notna().sum()), int((hours < 0).sum()), int((hours >= 0).sum())
    worst = worst_rows(orders, count=ORDERS_IN_TABLE)
    overdue = order_rows(orders, overdue=True, count=ORDERS_IN_TABLE)
    coming = order_rows(orders, overdue=False, count=ORDERS_IN_TABLE)
    empty = "No open orders match"
    return [
        row_list("worst", "Worst first", f"{len(worst):,} of {wrong:,} exceptions", worst, "Nothing is wrong"),
        row_list("overdue", "Longest overdue", f"{len(overdue):,} of {late:,} over their limit", overdue, empty),
        row_list("next", "Next to breach", f"{len(coming):,} of {early:,} not yet over it", coming, empty),
    ]


def _stream_chip(snapshot: Snapshot) -> dict:
    moments = [snapshot.freshness[name] for name in ("stream_event_at", "stream_beat_at")]
    known = [moment for moment in moments if moment is not None]
    if not known:
        return {"key": "stream", "state": "bad", "text": "Stream: no event yet", "detail": "Start it: pbm360 stream"}
    hours = (snapshot.as_of - max(known)).total_seconds() / 3600
    count = snapshot.freshness["events_last_minute"]
    is_quiet = hours * 3600 > QUIET_STREAM_SECONDS
    text = f"Stream quiet for {duration_text(hours)}" if is_quiet else f"Stream {count:,} events/min"
    last = f"last event or heartbeat {max(known):%Y-%m-%d %H:%M:%S} UTC"
    return {"key": "stream", "state": "quiet" if is_quiet else "good", "text": text, "detail": last}


def _batch_chip(snapshot: Snapshot) -> dict:
    day, published = snapshot.freshness["batch_date"], snapshot.freshness["batch_published_at"]
    if day is None or published is None:
        return {"key": "batch", "state": "quiet", "text": "Batch: no day yet", "detail": "Build one: pbm360 build"}
    days_behind = (snapshot.as_of.date() - day).days
    detail = f"published {published:%Y-%m-%d %H:%M:%S} UTC"
    state = "good" if days_behind <= 1 else "quiet"
    return {"key": "batch", "state": state, "text": f"Batch through {day:%d %b}", "detail": detail}


def _background_chips(snapshot: Snapshot) -> list[dict]:
    since = snapshot.background_late_since
    if since is None:
        return []
    age = duration_text((snapshot.as_of - since).total_seconds() / 3600)
    said = f"not read for {age}" if snapshot.background is None else f"{age} old"
    detail = f"Sources, forecasts, alerts, drug supply and flow are as of {since:%Y-%m-%d %H:%M:%S} UTC"
    return [{"key": "background", "state": "bad", "text": f"Background {said}", "detail": detail}]
