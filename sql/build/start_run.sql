-- Note that a run begins, with the cut that fixes what it reads.
-- Grain: adds one row to pbm_ops.batch_runs.
-- Parameters: run_id, run_date, started_at, cut_at.

insert into pbm_ops.batch_runs (run_id, run_date, status, started_at, cut_at)
values (@run_id, @run_date, 'started', @started_at, @cut_at);
