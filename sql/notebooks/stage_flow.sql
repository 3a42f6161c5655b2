-- What flows through each stage: who came and left in the last day, who is there, who was before.
-- Grain: one row per stage that is not terminal, in the order of the process.
-- Sources: pbm_gold.fact_stage_visits, dim_stages.
-- Parameters: now (UTC), window_days: how long ago `before` is.

with
    moments as (
        select
            @now as now_at,
            timestamp_sub(@now, interval 24 hour) as day_ago_at,
            timestamp_sub(@now, interval @window_days * 24 hour) as before_at
    ),
    counted_visits as (
        select
            visits.stage,
            countif(
                visits.entered_at > moments.day_ago_at and visits.entered_at <= moments.now_at
            ) as arrival_count,
            countif(
                visits.left_at > moments.day_ago_at and visits.left_at <= moments.now_at
            ) as completion_count,
            countif(
                visits.entered_at <= moments.now_at
                and (visits.left_at is null or visits.left_at > moments.now_at)
            ) as open_count,
            countif(
                visits.entered_at <= moments.before_at
                and (visits.left_at is null or visits.left_at > moments.before_at)
            ) as open_count_before
        from pbm_gold.fact_stage_visits as visits
        cross join moments
        group by visits.stage
    )
select
    stages.stage,
    stages.label,
    stages.stage_order,
    stages.sla_hours,
    coalesce(counted_visits.arrival_count, 0) as arrival_count,
    coalesce(counted_visits.completion_count, 0) as completion_count,
    coalesce(counted_visits.open_count, 0) as open_count,
    coalesce(counted_visits.open_count_before, 0) as open_count_before
from pbm_gold.dim_stages as stages
left join counted_visits on counted_visits.stage = stages.stage
where not stages.is_terminal
order by stage_order;
