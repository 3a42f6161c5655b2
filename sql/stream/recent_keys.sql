-- The keys of the recent events that enter a stage: those that the counts have seen.
-- Grain: one row per distinct event.
-- Parameters: since (event time, UTC).

select distinct source, event_id
from pbm_live.order_events
where event_at >= @since and stage is not null;
