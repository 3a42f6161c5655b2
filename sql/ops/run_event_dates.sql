-- Which partitions of silver hold the events of the messages that a run judged.
-- Grain: one row per published run and event date.
-- Sources: pbm_vault.judged_messages. Partition: run_date. Freshness: each build.

create table if not exists pbm_ops.run_event_dates (
    run_id string not null options (description = 'Run'),
    run_date date not null options (description = 'Day that the run built, UTC; partition'),
    event_date date not null options (description = 'UTC date of events of its messages')
)
partition by run_date
options (description = 'Partitions of silver by run');
