"""What a test of the stream asks the warehouse: messages landed, events in live and batch, counts two ways."""

from __future__ import annotations

import datetime

from pbm360.warehouse import Warehouse

RAW = "select count(distinct message_id) as n from pbm_bronze.raw_orders where known_date > date '2000-01-01'"
LIVE = "select distinct source, event_id from pbm_live.order_events"
UNEQUAL = """
    with
        standing as (
            select * from pbm_live.order_events
            qualify row_number() over (partition by source, event_id order by known_at, message_id, ingested_at) = 1
        ),
        only_live as (select * from standing except distinct select * from pbm_silver.stg_order_events),
        only_batch as (select * from pbm_silver.stg_order_events except distinct select * from standing),
        differing as (
            select source, event_id from only_live
            union distinct
            select source, event_id from only_batch
        )
    select count(*) as n from differing
"""
COUNTED = """
    with last_panes as (
        select minute_at, stage, event_count from pbm_live.stage_minutes where minute_at >= @since
        qualify row_number() over (
            partition by minute_at, stage, pharmacy_id, carrier order by emitted_at desc
        ) = 1
    )
    select minute_at, stage, sum(event_count) as n from last_panes group by minute_at, stage order by 1, 2
"""
ENTERED = """
    with events as (
        select event_at, stage from pbm_live.order_events where stage is not null and event_at >= @since
        qualify row_number() over (partition by source, event_id order by known_at, message_id, ingested_at) = 1
    )
    select timestamp_trunc(event_at, minute) as minute_at, stage, count(*) as n
    from events group by minute_at, stage order by 1, 2
"""
COUNTED_HOURS = 23  # an hour less than the lateness, so that every event was in time for its minute


def raw_count(warehouse: Warehouse) -> int:
    """Count the distinct messages in bronze."""
    return warehouse.query(RAW).to_pylist()[0]["n"]


def live_keys(warehouse: Warehouse) -> set[tuple[str, str]]:
    """Return the (source, event id) of every event in live."""
    return {(row["source"], row["event_id"]) for row in warehouse.query(LIVE).to_pylist()}


def unequal_events(warehouse: Warehouse) -> int:
    """Count the events that live and silver don't both hold with the same value in every column.

    Of several rows of an event in live the one counts that readers take.
    """
    return warehouse.query(UNEQUAL).to_pylist()[0]["n"]


def counted_by_minute(warehouse: Warehouse, end: datetime.datetime) -> list[dict]:
    """Return the stream's own counts of the last hours, as readers take them."""
    return warehouse.query(COUNTED, {"since": _since(end)}).to_pylist()


def entered_by_minute(warehouse: Warehouse, end: datetime.datetime) -> list[dict]:
    """Return the same counts, from the live table."""
    return warehouse.query(ENTERED, {"since": _since(end)}).to_pylist()


def _since(end: datetime.datetime) -> datetime.datetime:
    return (end - datetime.timedelta(hours=COUNTED_HOURS)).replace(second=0, microsecond=0)
