-- How each source is doing: its last event, how much it sent in the last hour, how much it usually
-- sends in this one.
-- Grain: one row per source that sent anything in four weeks.
-- Sources: those of lifecycle/copies.sql by lifecycle/known_events.sql.
-- Parameter: now (UTC). Usually: the mean of the same hour before @now in the same weekday of the
-- weeks before, of which the source was there.

with
    copies as (
        -- include lifecycle/copies.sql
    ),
    events as (
        -- include lifecycle/known_events.sql
    ),
    heard as (
        select
            source,
            known_at,
            event_at,
            div(timestamp_diff(@now, known_at, second), 604800) as weeks_ago,
            mod(timestamp_diff(@now, known_at, second), 604800) as seconds_into_week
        from events
        where known_at <= @now and known_at > timestamp_sub(@now, interval 29 day)
    ),
    first_heard as (
        select
            source,
            max(known_at) as last_known_at,
            max(event_at) as last_event_at,
            min(known_at) as first_known_at,
            countif(weeks_ago = 0 and seconds_into_week < 3600) as event_count_hour,
            countif(weeks_ago between 1 and 4 and seconds_into_week < 3600) as earlier_count
        from heard
        group by source
    )
select
    source,
    last_known_at,
    last_event_at,
    event_count_hour,
    least(div(timestamp_diff(@now, first_known_at, second) - 3600, 604800), 4) as week_count,
    safe_divide(
        earlier_count,
        least(div(timestamp_diff(@now, first_known_at, second) - 3600, 604800), 4)
    ) as usual_count_hour
from first_heard
order by source;
