-- Hide from every read, at once, what an erasure takes away.
-- Grain: adds rows of pbm_ops.tombstones.
-- Sources: pbm_vault.erased_orders, pbm_vault.erased_messages.
-- Parameters: erasure_id, patient_key, asked_at.

insert into pbm_ops.tombstones (erasure_id, kind, value, erased_at)
select @erasure_id, 'patient_key', @patient_key, @asked_at
union all
select distinct @erasure_id, 'order_id', reported_order_id, @asked_at
from pbm_vault.erased_orders
where not is_shared
union all
select distinct @erasure_id, 'event', concat(messages.source, '/', messages.event_id), @asked_at
from pbm_vault.erased_messages as messages
left join (
    select events.source, events.event_id
    from pbm_silver.stg_order_events as events
    inner join pbm_vault.erased_orders as orders on orders.reported_order_id = events.order_id
    where not orders.is_shared
) as whole
    on whole.source = messages.source and whole.event_id = messages.event_id
where messages.event_id is not null and whole.event_id is null;
