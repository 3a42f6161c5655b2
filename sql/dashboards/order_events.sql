-- All that is known of one order: each event, what it did, whence it came, when it was known.
-- Grain: one row per event of the order as it was reported, in the order of happening.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events by lifecycle/known_events.sql,
-- pbm_gold.dim_stages. Parameter: order_id.

with
    copies as (
        -- include lifecycle/copies.sql
    ),
    known_events as (
        -- include lifecycle/known_events.sql
    )
select
    known_events.event_id,
    known_events.source,
    known_events.event_type,
    known_events.event_at,
    known_events.known_at,
    known_events.stage,
    stages.label as stage_label,
    known_events.station,
    known_events.carrier,
    known_events.reason,
    known_events.substatus,
    known_events.decision,
    known_events.condition,
    known_events.minutes_outside,
    known_events.corrects_id,
    known_events.correction_reason,
    batch.event_id is not null as is_in_batch
from known_events
left join pbm_gold.dim_stages as stages on stages.stage = known_events.stage
left join pbm_silver.stg_order_events as batch
    on batch.source = known_events.source and batch.event_id = known_events.event_id
where known_events.order_id = @order_id
order by
    known_events.event_at,
    known_events.stage_order nulls last,
    known_events.source,
    known_events.event_id;
