-- The last day of the unbroken run of published days that starts with the first one.
-- Grain: one row (none before the first run).
-- Sources: pbm_ops.batch_runs. Freshness: with each publication.

create or replace view pbm_ops.high_water_mark as
with
    published_days as (
        select distinct run_date
        from pbm_ops.batch_runs
        where status = 'published'
    ),
    numbered_days as (
        select
            run_date,
            date_sub(
                run_date, interval row_number() over (order by run_date) day
            ) as first_day_less_one
        from published_days
    )
select max(run_date) as high_water_date
from numbered_days
where first_day_less_one = (select min(first_day_less_one) from numbered_days);
