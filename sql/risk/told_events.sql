-- Every delivery of an event that was known by an instant, less what was erased; copies are among
-- them.
-- Grain: one row per event and copy.
-- Sources: those of lifecycle/copies.sql, pbm_ops.tombstones.
-- Parameter: as_of (UTC); an event counts where known_at <= as_of.

select *
from (
    -- include lifecycle/copies.sql
) as copies
where
    known_at <= @as_of
    and order_id not in (select value from pbm_ops.tombstones where kind = 'order_id')
    and coalesce(patient_key, '') not in (
        select value from pbm_ops.tombstones where kind = 'patient_key'
    )
    and concat(source, '/', event_id) not in (
        select value from pbm_ops.tombstones where kind = 'event'
    );
