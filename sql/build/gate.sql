-- What keeps a run's gate shut: a check that failed, or a check's file without any result.
-- Grain: one row per failing check, and one per file without a result; none where the gate is open.
-- Sources: pbm_ops.quality_results (the last results of each file: a task may be tried again).
-- Parameters: run_id, run_date, check_files.

with
    wanted_files as (
        select check_file
        from unnest(@check_files) as check_file
    ),
    dated_results as (
        select
            check_file,
            check_name,
            severity,
            failing_row_count,
            example,
            checked_at,
            max(checked_at) over (partition by check_file) as last_checked_at
        from pbm_ops.quality_results
        where run_id = @run_id and run_date = @run_date and phase = 'staged'
    ),
    last_results as (
        select check_file, check_name, severity, failing_row_count, example
        from dated_results
        where checked_at = last_checked_at
    )
select
    wanted_files.check_file,
    coalesce(last_results.check_name, 'it has a result') as check_name,
    coalesce(last_results.failing_row_count, 0) as failing_row_count,
    last_results.example
from wanted_files
left join last_results on last_results.check_file = wanted_files.check_file
where
    last_results.check_file is null
    or (last_results.severity = 'fail' and last_results.failing_row_count > 0)
order by check_file, check_name;
