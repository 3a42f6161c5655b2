-- A rule of the gate, asked about a copy of one event that breaks it on purpose.
-- Grain: one row per failing row.

with
    broken as (
        select source, event_id, event_at, date_add(event_date, interval 1 day) as event_date
        from pbm_staging.stg_order_events
        order by source, event_id
        limit 1
    )
select
    'event_date is the UTC date of event_at' as check_name,
    concat(source, '/', event_id) as row_key
from broken
where event_date != date(event_at);
