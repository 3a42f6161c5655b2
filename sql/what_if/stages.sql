-- What another table of SLAs, or the absence of carriers, would have said of the stages.
-- Grain: one row per stage that was entered.
-- Sources: pbm_silver, pbm_live, pbm_ops.tombstones, by lifecycle/stage_visits.sql.
-- Parameters: as_of (events known by then count), changed_stages and changed_hours (stages with
-- another SLA, and that SLA, in the same order), without_carriers (orders that these carried are
-- left out of the second picture). A visit that lasts still is counted to as_of.

with
    erased as (
        select value
        from pbm_ops.tombstones
        where kind = 'order_id'
    ),
    known_events as (
        select *
        from pbm_silver.stg_order_events
        where known_at <= @as_of
        union all
        select *
        from pbm_live.order_events
        where known_at <= @as_of
    ),
    events as (
        select *
        from known_events
        where order_id not in (select value from erased)
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
    ),
    visits as (
        -- include lifecycle/stage_visits.sql
    ),
    orders as (
        select order_id, carrier
        from pbm_serving.order_lifecycle_as_of(@as_of)
    ),
    changed_slas as (
        select changed_stage, changed_hours
        from unnest(@changed_stages) as changed_stage with offset as stage_number
        inner join unnest(@changed_hours) as changed_hours with offset as hours_number
            on hours_number = stage_number
    ),
    judged_visits as (
        select
            visits.stage,
            dim_stages.stage_order,
            dim_stages.sla_hours,
            coalesce(changed_slas.changed_hours, dim_stages.sla_hours) as what_if_sla_hours,
            coalesce(orders.carrier in unnest(@without_carriers), false) as is_left_out,
            timestamp_diff(coalesce(visits.left_at, @as_of), visits.entered_at, microsecond)
            / 3600000000 as wait_hours
        from visits
        inner join pbm_gold.dim_stages as dim_stages on dim_stages.stage = visits.stage
        inner join orders on orders.order_id = visits.order_id
        left join changed_slas on changed_slas.changed_stage = visits.stage
        where not dim_stages.is_terminal
    )
select
    stage,
    stage_order,
    max(sla_hours) as sla_hours,
    max(what_if_sla_hours) as what_if_sla_hours,
    count(*) as visit_count,
    countif(wait_hours > sla_hours) as breached_count,
    countif(not is_left_out) as what_if_visit_count,
    countif(not is_left_out and wait_hours > what_if_sla_hours) as what_if_breached_count
from judged_visits
group by stage, stage_order
order by stage_order;
