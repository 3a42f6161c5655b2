-- The last day whose snapshot the published dimensions hold and that no later run has landed anew.
-- Grain: one row; null where there is no such day.
-- Sources: pbm_ops.batch_runs (a run lands the snapshot of its day). Parameter: run_date.

with
    last_published as (
        select max(started_at) as started_at
        from pbm_ops.batch_runs
        where status = 'published'
    ),
    landed as (
        select least(min(runs.run_date), @run_date) as first_date
        from pbm_ops.batch_runs as runs
        cross join last_published
        where runs.started_at > last_published.started_at
    )
select max(runs.run_date) as snapshot_date
from pbm_ops.batch_runs as runs
cross join landed
where runs.status = 'published' and runs.run_date < coalesce(landed.first_date, @run_date);
