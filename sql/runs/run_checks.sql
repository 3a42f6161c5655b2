-- What the checks of one run found.
-- Grain: one row per phase, file and check; a file tried twice appears once, with its last result.
-- Sources: pbm_ops.quality_results.
-- Parameters: run_id.

with
    dated_results as (
        select
            phase,
            check_file,
            check_name,
            severity,
            failing_row_count,
            example,
            checked_at,
            max(checked_at) over (partition by phase, check_file) as last_checked_at
        from pbm_ops.quality_results
        where run_id = @run_id
    )
select phase, check_file, check_name, severity, failing_row_count, example
from dated_results
where checked_at = last_checked_at
order by phase, check_file, check_name;
