-- What became of the orders, as far as it was known at an instant: what forecasts are held against.
-- Grain: one row per order known by then.
-- Sources: those of risk/told_events.sql.
-- Parameters: as_of (UTC; an event counts where known_at <= as_of), since (events from then on are
-- read: long enough before the first instant of a forecast). left_at is when an order left the
-- pharmacy, by whichever event tells of it first: the dock's scan, a carrier's or a cancellation.
-- Only the events of unusual orders (risk/unusual_orders.sql) are told apart by the lifecycle's rule.

with
    unusual_orders as (
        -- include risk/unusual_orders.sql
    ),
    corrections as (
        select distinct order_id, source, corrects_id
        from (
            -- include risk/told_events.sql
        ) as told_events
        where corrects_id is not null and event_at >= @since
    ),
    usual_events as (
        select
            told_events.order_id,
            told_events.source,
            told_events.event_id,
            told_events.event_type,
            told_events.event_at,
            told_events.stage,
            told_events.stage_order,
            told_events.promised_at
        from (
            -- include risk/told_events.sql
        ) as told_events
        left join corrections
            on corrections.order_id = told_events.order_id
            and corrections.source = told_events.source
            and corrections.corrects_id = told_events.event_id
        left join unusual_orders on unusual_orders.order_id = told_events.order_id
        where
            told_events.event_at >= @since
            and corrections.corrects_id is null
            and coalesce(told_events.correction_reason, '') != 'did_not_occur'
            and unusual_orders.order_id is null
    ),
    promises as (
        select order_id, promised_at
        from usual_events
        where promised_at is not null
        qualify
            row_number() over (
                partition by order_id
                order by
                    event_at desc,
                    stage_order desc nulls first,
                    source desc,
                    event_id desc
            ) = 1
    ),
    events as (
        select told_events.*
        from (
            -- include risk/told_events.sql
        ) as told_events
        inner join unusual_orders on unusual_orders.order_id = told_events.order_id
        where told_events.event_at >= @since
        qualify
            row_number() over (
                partition by told_events.source, told_events.event_id
                order by
                    told_events.known_at,
                    told_events.message_id,
                    told_events.ingested_at
            ) = 1
    ),
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    usual_orders as (
        select
            order_id,
            min(if(stage_order >= 120 or stage = 'CANCELLED', event_at, null)) as left_at,
            min(if(stage = 'DELIVERED', event_at, null)) as delivered_at,
            min(if(stage in ('RETURNED', 'LOST'), event_at, null)) as failed_at,
            min(if(stage = 'CANCELLED', event_at, null)) as cancelled_at,
            min(if(event_type = 'call', event_at, null)) as called_at
        from usual_events
        group by order_id
    )
select
    usual_orders.order_id,
    usual_orders.left_at,
    usual_orders.delivered_at,
    usual_orders.failed_at,
    usual_orders.cancelled_at,
    usual_orders.called_at,
    promises.promised_at
from usual_orders
left join promises on promises.order_id = usual_orders.order_id
union all
select
    order_id,
    min(if(stage_order >= 120 or stage = 'CANCELLED', event_at, null)) as left_at,
    min(if(stage = 'DELIVERED', event_at, null)) as delivered_at,
    min(if(stage in ('RETURNED', 'LOST'), event_at, null)) as failed_at,
    min(if(stage = 'CANCELLED', event_at, null)) as cancelled_at,
    min(if(event_type = 'call', event_at, null)) as called_at,
    any_value(
        promised_at having max if(promised_at is null, null, event_number)
    ) as promised_at
from effective_events
group by order_id;
