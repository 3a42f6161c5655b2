-- The last heartbeat of the stream: how old it is, and how late its last message was.
-- Grain: one row; nulls where the stream has not beaten since the day before.
-- Sources: pbm_ops.heartbeats.
-- Parameters: now (UTC).

with
    recent_beats as (
        select beat_at, received_count, rejected_count, lag_seconds, backlog_count, too_late_count
        from pbm_ops.heartbeats
        where process = 'stream' and beat_date >= date_sub(date(@now), interval 1 day)
    ),
    last_beats as (
        select max(beat_at) as beat_at
        from recent_beats
    )
select
    last_beats.beat_at,
    timestamp_diff(@now, last_beats.beat_at, millisecond) / 1000 as age_seconds,
    recent_beats.received_count,
    recent_beats.rejected_count,
    recent_beats.lag_seconds,
    recent_beats.backlog_count,
    recent_beats.too_late_count
from last_beats
left join recent_beats on recent_beats.beat_at = last_beats.beat_at
limit 1;
