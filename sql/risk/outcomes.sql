-- What became of the orders, as far as it was known at an instant: what forecasts are held against.
-- Grain: one row per order known by then.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.
-- Parameters: as_of (UTC; an event counts where known_at <= as_of), since (events from then on are
-- read: long enough before the first instant of a forecast). left_at is when an order left the
-- pharmacy, by whichever event tells of it first: the dock's scan, a carrier's or a cancellation.

with
    known_events as (
        select *
        from pbm_silver.stg_order_events
        where known_at <= @as_of and event_at >= @since
        union all
        select *
        from pbm_live.order_events
        where known_at <= @as_of and event_at >= @since
    ),
    erased as (
        select kind, value
        from pbm_ops.tombstones
    ),
    events as (
        select *
        from known_events
        where
            order_id not in (select value from erased where kind = 'order_id')
            and coalesce(patient_key, '') not in (
                select value from erased where kind = 'patient_key'
            )
            and concat(source, '/', event_id) not in (
                select value from erased where kind = 'event'
            )
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
    ),
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    orders as (
        select
            order_id,
            min(
                if(stage_order >= 120 or stage = 'CANCELLED', event_at, null)
            ) as left_at,
            min(if(stage = 'DELIVERED', event_at, null)) as delivered_at,
            min(if(stage in ('RETURNED', 'LOST'), event_at, null)) as failed_at,
            min(if(stage = 'CANCELLED', event_at, null)) as cancelled_at,
            min(if(event_type = 'call', event_at, null)) as called_at,
            any_value(
                promised_at having max if(promised_at is null, null, event_number)
            ) as promised_at
        from effective_events
        group by order_id
    )
select
    order_id,
    left_at,
    delivered_at,
    failed_at,
    cancelled_at,
    called_at,
    promised_at
from orders;
