-- Which of some events live or silver hold, whenever they became known.
-- Grain: one row per event.
-- Sources: pbm_live.order_events, pbm_silver.stg_order_events.
-- Parameters: event_ids.

select source, event_id
from pbm_live.order_events
where event_id in unnest(@event_ids)
union distinct
select source, event_id
from pbm_silver.stg_order_events
where event_id in unnest(@event_ids);
