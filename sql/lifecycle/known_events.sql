-- Of several copies of an event the one known first, less what was erased.
-- Grain: one row per distinct event (source, event_id).
-- Sources: the relation `copies`, bound by what includes this file, mostly by copies.sql (a window
-- carries every column along, so there are few), pbm_ops.tombstones.

with
    erased as (
        select kind, value
        from pbm_ops.tombstones
    )
select *
from copies
where
    order_id not in (select value from erased where kind = 'order_id')
    and coalesce(patient_key, '') not in (select value from erased where kind = 'patient_key')
    and concat(source, '/', event_id) not in (select value from erased where kind = 'event')
qualify
    row_number() over (
        partition by source, event_id order by known_at, message_id, ingested_at
    ) = 1;
