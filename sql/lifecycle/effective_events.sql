-- The events that count, of a set of events: corrections applied (EPCIS 2.0, error declaration).
-- Grain: one row per event that counts, numbered within its order.
-- Sources: the relation `events`, distinct by (source, event_id), bound by what includes this file.
-- A did_not_occur correction takes away the event that it names (same order, same source) and does
-- not count itself; an incorrect_data correction takes its place.

select
    events.*,
    row_number() over (
        partition by events.order_id
        order by events.event_at, events.stage_order nulls last, events.source, events.event_id
    ) as event_number
from events
left join (
    select distinct order_id, source, corrects_id
    from events
    where corrects_id is not null
) as corrections
    on corrections.order_id = events.order_id
    and corrections.source = events.source
    and corrections.corrects_id = events.event_id
where
    corrections.corrects_id is null
    and coalesce(events.correction_reason, '') != 'did_not_occur';
