-- How many events entered each stage, minute by minute, as the stream counted them.
-- Grain: one row per pane of (minute, stage, pharmacy, carrier); the greatest emitted_at stands.
-- Sources: lib/pbm360/stream. Partition: minute's date, cluster: stage. Freshness: seconds.

create table if not exists pbm_live.stage_minutes (
    minute_at timestamp not null options (description = 'Start of the event-time minute, UTC'),
    stage string not null options (description = 'Stage entered'),
    pharmacy_id string not null options (description = 'Pharmacy; empty where none is named'),
    carrier string not null options (description = 'Carrier; empty where the event names none'),
    event_count int64 not null options (description = 'Events that entered the stage'),
    pane_timing string not null options (description = 'early, on_time or late'),
    emitted_at timestamp not null options (description = 'When the pane was emitted, UTC')
)
partition by date(minute_at)
cluster by stage
options (description = 'Events entering each stage per minute, pane by pane');
