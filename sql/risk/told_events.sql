-- Every delivery of an event that was known by an instant, less what was erased; copies are among them.
-- Grain: one row per event and copy.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.
-- Parameter: as_of (UTC); an event counts where known_at <= as_of.

select *
from (
    select *
    from pbm_silver.stg_order_events
    where known_at <= @as_of
    union all
    select *
    from pbm_live.order_events
    where known_at <= @as_of
)
where
    order_id not in (select value from pbm_ops.tombstones where kind = 'order_id')
    and coalesce(patient_key, '') not in (
        select value from pbm_ops.tombstones where kind = 'patient_key'
    )
    and concat(source, '/', event_id) not in (
        select value from pbm_ops.tombstones where kind = 'event'
    );
