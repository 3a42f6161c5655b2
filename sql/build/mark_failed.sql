-- Note that a run failed, and why. Nothing of it was published.
-- Grain: changes one row of pbm_ops.batch_runs.
-- Parameters: run_id, run_date, finished_at, detail.

update pbm_ops.batch_runs
set status = 'failed', finished_at = @finished_at, detail = @detail
where run_date = @run_date and run_id = @run_id;
