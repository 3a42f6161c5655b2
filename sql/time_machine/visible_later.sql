-- Events that are stamped as known by an instant and came to be visible only after it: what the
-- time machine shows of that instant and a picture taken then can't have shown.
-- Grain: one row per copy of such an event; a copy that was visible then (is_late false) names the
-- order that the event was shown in.
-- Sources: pbm_silver, pbm_live. Parameters: as_of, visible_at (what was ingested until then was
-- visible in the picture).

with
    known_events as (
        select *
        from pbm_silver.stg_order_events
        where known_at <= @as_of
        union all
        select *
        from pbm_live.order_events
        where known_at <= @as_of
    ),
    late_events as (
        select distinct source, event_id
        from known_events
        where ingested_at > @visible_at
    )
select distinct
    known_events.order_id,
    known_events.source,
    known_events.event_id,
    known_events.known_at,
    known_events.ingested_at,
    known_events.ingested_at > @visible_at as is_late
from known_events
inner join late_events
    on late_events.source = known_events.source
    and late_events.event_id = known_events.event_id
order by order_id, source, event_id, ingested_at;
