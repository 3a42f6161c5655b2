-- What flowed through each stage in the last hour and day: who came and left, how long they waited.
-- Grain: one row per stage that is not terminal, in the order of the process.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events by lifecycle/known_events.sql and
-- stage_visits.sql, pbm_gold.dim_stages.
-- Parameter: now (UTC). Only orders that had an event in the last 25 hours can have moved in 24.

with
    copies as (
        -- include lifecycle/copies.sql
    ),
    known_events as (
        -- include lifecycle/known_events.sql
    ),
    moving_orders as (
        select distinct order_id
        from known_events
        where event_at > timestamp_sub(@now, interval 25 hour) and event_at <= @now
    ),
    events as (
        select known_events.*
        from known_events
        inner join moving_orders on moving_orders.order_id = known_events.order_id
        where known_events.event_at <= @now
    ),
    visits as (
        -- include lifecycle/stage_visits.sql
    ),
    moments as (
        select
            timestamp_sub(@now, interval 1 hour) as hour_ago_at,
            timestamp_sub(@now, interval 24 hour) as day_ago_at
    ),
    counted_visits as (
        select
            visits.stage,
            countif(visits.entered_at > moments.hour_ago_at) as arrival_count_hour,
            countif(visits.left_at > moments.hour_ago_at) as completion_count_hour,
            countif(visits.entered_at > moments.day_ago_at) as arrival_count_day,
            countif(visits.left_at > moments.day_ago_at) as completion_count_day
        from visits
        cross join moments
        group by visits.stage
    ),
    day_waits as (
        select distinct
            visits.stage,
            percentile_cont(visits.wait_hours, 0.5) over (
                partition by visits.stage
            ) as median_wait_hours,
            percentile_cont(visits.wait_hours, 0.9) over (
                partition by visits.stage
            ) as p90_wait_hours
        from visits
        cross join moments
        where visits.left_at > moments.day_ago_at
    )
select
    stages.stage,
    stages.label as stage_label,
    stages.stage_order,
    stages.sla_hours,
    coalesce(counted_visits.arrival_count_hour, 0) as arrival_count_hour,
    coalesce(counted_visits.completion_count_hour, 0) as completion_count_hour,
    coalesce(counted_visits.arrival_count_day, 0) as arrival_count_day,
    coalesce(counted_visits.completion_count_day, 0) as completion_count_day,
    day_waits.median_wait_hours,
    day_waits.p90_wait_hours
from pbm_gold.dim_stages as stages
left join counted_visits on counted_visits.stage = stages.stage
left join day_waits on day_waits.stage = stages.stage
where not stages.is_terminal
order by stages.stage_order;
