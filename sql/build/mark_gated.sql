-- Note that a run has staged gold and passed its gates.
-- Grain: changes one row of pbm_ops.batch_runs.
-- Parameters: run_id, run_date.

update pbm_ops.batch_runs
set status = 'gated'
where run_date = @run_date and run_id = @run_id;
