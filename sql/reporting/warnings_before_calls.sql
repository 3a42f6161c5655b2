-- How early the data warned before the patient called: the first breach or exception against the first call.
-- Grain: one row per week (of the call).
-- Sources: pbm_gold.fact_patient_feedback, fact_stage_visits, dim_stages. A sign: the moment at which a
-- stage outlasted its SLA, or an exception or failed attempt was entered. Weeks of 1 to 10 calls are
-- null; so is a split of which one part is 1 to 10 (privacy/suppressed_cells.sql).

create or replace view pbm_reporting.warnings_before_calls (
    week_date options (description = 'Monday of the ISO week of the call, UTC'),
    call_count options (description = 'Orders about which a patient called or complained before delivery; null: suppressed'),
    warned_count options (description = 'Those with a warning sign before the call; null: suppressed'),
    median_lead_hours options (description = 'Median of sign to call, hours; null: suppressed or none'),
    is_suppressed options (description = 'True where the numbers are suppressed')
)
options (description = 'One row per week: hours between the first sign and the call; small cells suppressed')
as
with
    calls as (
        select
            order_id,
            min(occurred_at) as called_at
        from pbm_gold.fact_patient_feedback
        where feedback_type in ('call', 'complaint') and not is_after_delivery
        group by order_id
    ),
    signs as (
        select
            visits.order_id,
            min(
                if(
                    visits.stage in ('EXCEPTION', 'ATTEMPT_FAILED'),
                    visits.entered_at,
                    timestamp_add(
                        visits.entered_at, interval cast(stages.sla_hours as int64) hour
                    )
                )
            ) as sign_at
        from pbm_gold.fact_stage_visits as visits
        inner join pbm_gold.dim_stages as stages on stages.stage = visits.stage
        inner join calls on calls.order_id = visits.order_id
        where
            visits.stage in ('EXCEPTION', 'ATTEMPT_FAILED')
            or (
                stages.sla_hours is not null
                and timestamp_add(
                    visits.entered_at, interval cast(stages.sla_hours as int64) hour
                ) < coalesce(visits.left_at, calls.called_at)
            )
        group by visits.order_id
    ),
    called_orders as (
        select
            date_trunc(date(calls.called_at), isoweek) as week_date,
            if(
                signs.sign_at <= calls.called_at,
                timestamp_diff(calls.called_at, signs.sign_at, microsecond) / 3600000000,
                null
            ) as lead_hours
        from calls
        left join signs on signs.order_id = calls.order_id
    ),
    ranked_orders as (
        select
            week_date,
            lead_hours,
            percentile_cont(lead_hours, 0.5) over (partition by week_date) as median_lead_hours
        from called_orders
    ),
    counted as (
        select
            week_date,
            count(*) as call_count,
            countif(lead_hours is not null) as warned_count,
            max(median_lead_hours) as median_lead_hours
        from ranked_orders
        group by week_date
    ),
    cells as (
        select cast(week_date as string) as block, 'warned' as cell, warned_count as n
        from counted
        union all
        select
            cast(week_date as string) as block,
            'not warned' as cell,
            call_count - warned_count as n
        from counted
        union all
        select
            concat(cast(week_date as string), ' all') as block,
            'all' as cell,
            call_count as n
        from counted
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    ),
    weeks as (
        select
            counted.week_date,
            counted.call_count,
            counted.warned_count,
            counted.median_lead_hours,
            of_all.is_suppressed as is_week_suppressed,
            of_all.is_suppressed or of_warned.is_suppressed as is_suppressed
        from counted
        inner join judged_cells as of_all
            on of_all.block = concat(cast(counted.week_date as string), ' all')
        inner join judged_cells as of_warned
            on of_warned.block = cast(counted.week_date as string) and of_warned.cell = 'warned'
    )
select
    week_date,
    if(is_week_suppressed, null, call_count) as call_count,
    if(is_suppressed, null, warned_count) as warned_count,
    if(is_suppressed, null, median_lead_hours) as median_lead_hours,
    is_suppressed
from weeks;
