-- What a run counted.
-- Grain: one row.
-- Parameters: run_id, run_date.

select new_message_count, accepted_count, rejected_count, touched_order_count
from pbm_ops.batch_runs
where run_date = @run_date and run_id = @run_id;
