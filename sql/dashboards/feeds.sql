-- How each source is doing: its last event, how much it sent in the last hour, how much it usually
-- sends in this one.
-- Grain: one row per source that is known, or that sent anything in four weeks; of one that did not,
-- nothing but its name is told, and that no event came.
-- Sources: those of lifecycle/copies.sql by lifecycle/known_events.sql, pbm_ops.rule_event_types.
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
    ),
    sources as (
        select source
        from pbm_ops.rule_event_types
        union distinct
        select source
        from first_heard
    )
select
    sources.source,
    first_heard.last_known_at,
    first_heard.last_event_at,
    coalesce(first_heard.event_count_hour, 0) as event_count_hour,
    least(div(timestamp_diff(@now, first_heard.first_known_at, second) - 3600, 604800), 4)
        as week_count,
    safe_divide(
        first_heard.earlier_count,
        least(div(timestamp_diff(@now, first_heard.first_known_at, second) - 3600, 604800), 4)
    ) as usual_count_hour
from sources
left join first_heard on first_heard.source = sources.source
order by sources.source;
