-- Note that a run has staged silver, and what it counted.
-- Grain: changes one row of pbm_ops.batch_runs.
-- Parameters: run_id, run_date.

update pbm_ops.batch_runs
set
    status = 'staged',
    new_message_count = (
        select count(*)
        from pbm_vault.judged_messages as judged
        left join pbm_staging.published_copies as published
            on published.message_id = judged.message_id and published.known_at <= judged.known_at
        where published.message_id is null
    ),
    accepted_count = (select count(*) from pbm_staging.stg_order_events),
    rejected_count = (select count(*) from pbm_staging.rejected_events),
    touched_order_count = (select count(*) from pbm_staging.touched_orders)
where run_date = @run_date and run_id = @run_id;
