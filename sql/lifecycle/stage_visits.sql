-- Turn a set of events into the visits of stages: unbroken runs of events of one stage.
-- Grain: one row per order and visit.
-- Sources: the relation `events`, distinct by (source, event_id), bound by what includes this file.

with
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    stage_events as (
        select
            order_id,
            reported_order_id,
            stage,
            event_at,
            event_number,
            lag(stage) over (partition by order_id order by event_number) as previous_stage
        from effective_events
        where stage is not null
    ),
    entries as (
        select
            order_id,
            reported_order_id,
            stage,
            previous_stage,
            event_at as entered_at,
            row_number() over (partition by order_id order by event_number) as visit_number,
            row_number() over (
                partition by order_id, stage order by event_number
            ) as stage_visit_number,
            lead(event_at) over (partition by order_id order by event_number) as left_at,
            lead(stage) over (partition by order_id order by event_number) as next_stage,
            count(*) over (partition by order_id, stage) as stage_visit_count
        from stage_events
        where previous_stage is null or previous_stage != stage
    )
select
    entries.order_id,
    entries.reported_order_id,
    entries.visit_number,
    entries.stage,
    entries.previous_stage,
    entries.next_stage,
    entries.entered_at,
    date(entries.entered_at) as entered_date,
    entries.left_at,
    timestamp_diff(entries.left_at, entries.entered_at, microsecond) / 3600000000 as wait_hours,
    timestamp_diff(entries.left_at, entries.entered_at, microsecond)
    > dim_stages.sla_hours * 3600000000 as is_breached,
    entries.stage_visit_number,
    if(
        entries.left_at is null,
        null,
        next_stages.stage_order > dim_stages.stage_order and entries.stage_visit_count = 1
    ) as is_first_pass,
    entries.previous_stage is null or transitions.from_stage is not null as is_allowed
from entries
left join pbm_gold.dim_stages as dim_stages on dim_stages.stage = entries.stage
left join pbm_gold.dim_stages as next_stages on next_stages.stage = entries.next_stage
left join pbm_ops.rule_transitions as transitions
    on transitions.from_stage = entries.previous_stage
    and transitions.to_stage = entries.stage;
