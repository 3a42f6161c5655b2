-- The events that silver holds twice, since two copies of them say another date each: all of silver
-- is looked through.
-- Grain: one row per copy. Sources: pbm_silver.stg_order_events.

select event_date, date(known_at) as known_date
from pbm_silver.stg_order_events
where true
qualify count(*) over (partition by source, event_id) > 1
order by event_date, known_date;
