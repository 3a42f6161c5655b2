-- What the reports stand on: the newest published day, and when it was published.
-- Grain: one row.
-- Sources: pbm_ops.high_water_mark, batch_runs.

with
    published_runs as (
        select max(finished_at) as batch_published_at
        from pbm_ops.batch_runs
        where status = 'published'
    )
select
    high_water_mark.high_water_date as batch_date,
    published_runs.batch_published_at
from published_runs
left join pbm_ops.high_water_mark as high_water_mark on true;
