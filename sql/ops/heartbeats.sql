-- What the long-running processes say of themselves.
-- Grain: one row per process and beat: every 10 s on a laptop, each minute on Dataflow.
-- Sources: lib/pbm360/stream and other processes. Partition: beat_date. Freshness: a minute.

create table if not exists pbm_ops.heartbeats (
    process string not null options (description = 'Process, e.g. stream'),
    beat_at timestamp not null options (description = 'UTC'),
    beat_date date not null options (description = 'UTC date of beat_at; partition'),
    received_count int64 options (description = 'Messages since the process started'),
    rejected_count int64 options (description = 'Messages refused since it started'),
    lag_seconds float64 options (
        description = 'Age of the oldest message in hand, else of the last one when it was committed'
    ),
    backlog_count int64 options (
        description = 'Messages taken and not committed yet; null where only Cloud Monitoring knows'
    ),
    messages_per_second float64 options (
        description = 'Rate before the heartbeat; null where it was not taken'
    ),
    too_late_count int64 options (
        description = 'Events landed since it started that were too old for any count by minute'
    )
)
partition by beat_date
options (description = 'Heartbeats of processes');
