-- Every event that is known now, by batch or stream, each once, less what was erased.
-- Grain: one row per distinct event (source, event_id): of several copies the one known first.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.

with
    erased as (
        select kind, value
        from pbm_ops.tombstones
    ),
    copies as (
        select *
        from pbm_silver.stg_order_events
        union all
        select *
        from pbm_live.order_events
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
