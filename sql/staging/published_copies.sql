-- The copies in silver of the events that this build has judged good.
-- Grain: one row per such event (source, event_id) that silver holds.
-- Sources: pbm_vault.judged_messages, pbm_silver.stg_order_events. Parameter: copy_dates (the
-- partitions of silver to look through).

create or replace table pbm_staging.published_copies as
with
    judged_events as (
        select distinct source, event_id
        from pbm_vault.judged_messages
        where reason_code is null
    )
select
    published.source,
    published.event_id,
    published.event_date,
    published.order_id,
    published.message_id,
    published.publish_time,
    published.known_at
from pbm_silver.stg_order_events as published
inner join judged_events
    on judged_events.source = published.source and judged_events.event_id = published.event_id
where published.event_date in unnest(@copy_dates);
