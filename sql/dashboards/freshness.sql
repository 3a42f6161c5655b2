-- How fresh the stream and the batch are.
-- Grain: one row.
-- Sources: pbm_live.order_events, pbm_ops.heartbeats, batch_runs, high_water_mark.
-- Parameter: now (UTC).

with
    live_events as (
        select
            max(ingested_at) as stream_event_at,
            countif(ingested_at > timestamp_sub(@now, interval 1 minute)) as events_last_minute
        from pbm_live.order_events
    ),
    stream_beats as (
        select max(beat_at) as stream_beat_at
        from pbm_ops.heartbeats
        where
            process = 'stream'
            and beat_date >= date_sub(date(@now), interval 1 day)
    ),
    published_runs as (
        select max(finished_at) as batch_published_at
        from pbm_ops.batch_runs
        where status = 'published'
    )
select
    live_events.stream_event_at,
    live_events.events_last_minute,
    stream_beats.stream_beat_at,
    published_runs.batch_published_at,
    high_water_mark.high_water_date as batch_date
from live_events
cross join stream_beats
cross join published_runs
left join pbm_ops.high_water_mark as high_water_mark on true;
