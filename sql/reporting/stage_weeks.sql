-- How long orders stayed in each stage, week by week.
-- Grain: one row per week (of leaving) and stage that is not terminal.
-- Sources: pbm_gold.fact_stage_visits, dim_stages. Numbers of 1 to 10 visits are null, and where a week
-- has one such stage alone, of its next smallest, too (privacy/suppressed_cells.sql).

create or replace view pbm_reporting.stage_weeks (
    week_date options (description = 'Monday of the ISO week in which the stage was left, UTC'),
    stage options (description = 'Stage, as the reports name it'),
    stage_order options (description = 'Order of the stage in the process'),
    sla_hours options (description = 'Time allowed in the stage, hours'),
    visit_count options (description = 'Visits that ended; null: suppressed'),
    median_wait_hours options (description = 'Median time in the stage, hours; null: suppressed'),
    p90_wait_hours options (description = '90th percentile, hours; null: suppressed'),
    breached_count options (description = 'Visits that outlasted the SLA; null: suppressed'),
    breached_share options (description = 'Share of visits that outlasted it; null: suppressed'),
    is_suppressed options (description = 'True where the numbers are suppressed')
)
options (description = 'One row per week and stage: waits and breaches; small cells suppressed')
as
with
    ended_visits as (
        select
            visits.stage,
            date_trunc(date(visits.left_at), isoweek) as week_date,
            visits.is_breached,
            percentile_cont(visits.wait_hours, 0.5) over (
                partition by visits.stage, date_trunc(date(visits.left_at), isoweek)
            ) as median_wait_hours,
            percentile_cont(visits.wait_hours, 0.9) over (
                partition by visits.stage, date_trunc(date(visits.left_at), isoweek)
            ) as p90_wait_hours
        from pbm_gold.fact_stage_visits as visits
        where visits.left_at is not null
    ),
    counted as (
        select
            week_date,
            stage,
            count(*) as visit_count,
            countif(is_breached) as breached_count,
            max(median_wait_hours) as median_wait_hours,
            max(p90_wait_hours) as p90_wait_hours
        from ended_visits
        group by week_date, stage
    ),
    cells as (
        select
            concat('visits ', cast(week_date as string)) as block,
            stage as cell,
            visit_count as n
        from counted
        union all
        select
            concat('breached ', cast(week_date as string), ' ', stage) as block,
            'breached' as cell,
            breached_count as n
        from counted
        union all
        select
            concat('breached ', cast(week_date as string), ' ', stage) as block,
            'kept' as cell,
            visit_count - breached_count as n
        from counted
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    ),
    judged as (
        select
            counted.*,
            of_visits.is_suppressed,
            of_visits.is_suppressed or of_breaches.is_suppressed as is_breach_suppressed
        from counted
        inner join judged_cells as of_visits
            on of_visits.cell = counted.stage
            and of_visits.block = concat('visits ', cast(counted.week_date as string))
        inner join judged_cells as of_breaches
            on of_breaches.cell = 'breached'
            and of_breaches.block
            = concat('breached ', cast(counted.week_date as string), ' ', counted.stage)
    )
select
    judged.week_date,
    stages.label as stage,
    stages.stage_order,
    stages.sla_hours,
    if(judged.is_suppressed, null, judged.visit_count) as visit_count,
    if(judged.is_suppressed, null, judged.median_wait_hours) as median_wait_hours,
    if(judged.is_suppressed, null, judged.p90_wait_hours) as p90_wait_hours,
    if(judged.is_breach_suppressed, null, judged.breached_count) as breached_count,
    if(
        judged.is_breach_suppressed, null, safe_divide(judged.breached_count, judged.visit_count)
    ) as breached_share,
    judged.is_breach_suppressed as is_suppressed
from judged
inner join pbm_gold.dim_stages as stages on stages.stage = judged.stage
where not stages.is_terminal;
