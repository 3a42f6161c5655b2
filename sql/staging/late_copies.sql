-- Take from silver the later copies of events that it holds twice.
-- Grain: adds rows of pbm_staging.displaced_events.
-- Sources: pbm_silver.stg_order_events. Parameter: copy_dates (the partitions that hold the
-- copies).

insert into pbm_staging.displaced_events
with
    copies as (
        select
            source,
            event_id,
            event_date,
            order_id,
            message_id,
            publish_time,
            known_at
        from pbm_silver.stg_order_events
        where event_date in unnest(@copy_dates)
        qualify
            row_number() over (partition by source, event_id order by known_at, message_id) > 1
    )
select copies.*
from copies
left join pbm_staging.displaced_events as displaced on displaced.message_id = copies.message_id
where displaced.message_id is null;
