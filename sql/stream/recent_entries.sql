-- The recent entries into a stage, event by event, as live knows them: what was counted before.
-- Grain: one row per distinct event, minute, stage, pharmacy and carrier.
-- Parameters: since and until (event time, UTC; until is left out).

select distinct
    timestamp_trunc(event_at, minute) as minute_at,
    stage,
    coalesce(pharmacy_id, '') as pharmacy_id,
    coalesce(carrier, '') as carrier,
    source,
    event_id
from pbm_live.order_events
where
    event_date between date(@since) and date(@until)
    and event_at >= @since
    and event_at < @until
    and stage is not null;
