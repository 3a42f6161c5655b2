-- What each check found, run by run.
-- Grain: one row per run, phase and check.
-- Sources: sql/checks by lib/pbm360/checks. Partition: checked_date. Freshness: each build.

create table if not exists pbm_ops.quality_results (
    run_id string not null options (description = 'Run'),
    run_date date not null options (description = 'Day that the run builds, UTC'),
    phase string not null options (description = 'staged (the gate) or published'),
    check_file string not null options (description = 'File in sql/checks'),
    check_name string not null options (description = 'Check'),
    severity string not null options (description = 'fail or warn'),
    failing_row_count int64 not null options (description = 'Rows that fail; 0 is good'),
    example string options (description = 'Key of one failing row'),
    checked_at timestamp not null options (description = 'UTC'),
    checked_date date not null options (description = 'UTC date of checked_at; partition')
)
partition by checked_date
options (description = 'Results of the checks');
