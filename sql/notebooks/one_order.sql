-- The events of the touched order with the most of them.
-- Grain: one row per event.

with
    longest as (
        select order_id, count(*) as event_count
        from pbm_staging.stg_order_events
        group by order_id
        order by event_count desc, order_id
        limit 1
    )
select events.event_at, events.source, events.event_type, events.stage
from pbm_staging.stg_order_events as events
inner join longest on longest.order_id = events.order_id
order by events.event_at, events.stage_order, events.source, events.event_id;
