-- How long it takes from entering a stage to the door, as deliveries of the last weeks had it.
-- Grain: one row per stage and slice of a hundredth of its visits, shortest first.
-- Sources: pbm_gold.fact_stage_visits, fact_order_lifecycle.
-- Parameters: since (deliveries from then on count), now (UTC).

with
    remaining_times as (
        select
            visits.stage,
            visits.order_id,
            visits.visit_number,
            timestamp_diff(orders.delivered_at, visits.entered_at, microsecond)
            / 3600000000 as remaining_hours
        from pbm_gold.fact_stage_visits as visits
        inner join pbm_gold.fact_order_lifecycle as orders on orders.order_id = visits.order_id
        inner join pbm_gold.dim_stages as stages on stages.stage = visits.stage
        where
            orders.status = 'delivered'
            and orders.delivered_at >= @since
            and orders.delivered_at <= @now
            and not stages.is_terminal
            and visits.entered_at <= orders.delivered_at
    ),
    sliced_times as (
        select
            stage,
            remaining_hours,
            ntile(100) over (
                partition by stage order by remaining_hours, order_id, visit_number
            ) as slice_number
        from remaining_times
    )
select
    stage,
    slice_number,
    count(*) as visit_count,
    max(remaining_hours) as remaining_hours
from sliced_times
group by stage, slice_number
order by stage, slice_number;
