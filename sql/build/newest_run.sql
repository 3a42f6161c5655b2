-- The run that began last: the staging tables are its.
-- Grain: one row, or none.

select run_id, run_date, status
from pbm_ops.batch_runs
order by started_at desc, run_id desc
limit 1;
