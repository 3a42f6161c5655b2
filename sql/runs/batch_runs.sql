-- The runs of the batch, newest first: how long, how many rows, what the gates said.
-- Grain: one row per run.
-- Sources: pbm_ops.batch_runs, pbm_ops.quality_results.
-- Parameters: max_runs.

with
    gate_results as (
        select
            run_id,
            countif(severity = 'fail' and failing_row_count > 0) as failed_check_count,
            countif(severity = 'warn' and failing_row_count > 0) as warning_count
        from pbm_ops.quality_results
        group by run_id
    )
select
    runs.run_id,
    runs.run_date,
    runs.status,
    runs.started_at,
    runs.finished_at,
    timestamp_diff(runs.finished_at, runs.started_at, millisecond) / 1000 as duration_seconds,
    runs.new_message_count,
    runs.accepted_count,
    runs.rejected_count,
    runs.touched_order_count,
    coalesce(gate_results.failed_check_count, 0) as failed_check_count,
    coalesce(gate_results.warning_count, 0) as warning_count,
    runs.detail
from pbm_ops.batch_runs as runs
left join gate_results on gate_results.run_id = runs.run_id
order by started_at desc, run_id desc
limit @max_runs;
