-- The runs of the batch. A published run is the high-water mark's evidence: its row changes in the
-- same transaction as gold.
-- Grain: one row per run.
-- Sources: lib/pbm360/medallion. Partition: run_date. Freshness: each step of a build.

create table if not exists pbm_ops.batch_runs (
    run_id string not null options (description = 'Run'),
    run_date date not null options (description = 'Day that the run builds, UTC; partition'),
    status string not null options (
        description = 'started, staged (silver), gated (gold), published or failed'
    ),
    started_at timestamp not null options (description = 'UTC'),
    finished_at timestamp options (description = 'UTC; null while it runs'),
    cut_at timestamp not null options (description = 'Nothing ingested later was read, UTC'),
    new_message_count int64 options (description = 'Messages read that silver did not hold'),
    accepted_count int64 options (description = 'Events added to silver'),
    rejected_count int64 options (description = 'Messages refused, duplicates included'),
    touched_order_count int64 options (description = 'Orders computed anew'),
    detail string options (description = 'Why a run failed')
)
partition by run_date
options (description = 'One row per batch run');
