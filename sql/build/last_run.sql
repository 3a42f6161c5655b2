-- The last run of a day.
-- Grain: one row, or none.
-- Parameters: run_date.

select run_id, run_date, status, started_at, cut_at
from pbm_ops.batch_runs
where run_date = @run_date
order by started_at desc, run_id desc
limit 1;
