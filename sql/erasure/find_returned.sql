-- The messages of a build that name an erased patient, an erased order or an erased event.
-- Grain: replaces the rows of pbm_vault.erased_messages.
-- Sources: pbm_vault.judged_messages, pbm_ops.tombstones. Parameter: patient_ids (erased patients
-- whom new messages name).

delete from pbm_vault.erased_messages
where true;

insert into pbm_vault.erased_messages (message_id, source, event_id)
select
    judged.message_id,
    judged.source,
    judged.event_id
from pbm_vault.judged_messages as judged
where
    judged.patient_id in unnest(@patient_ids)
    or judged.order_id in (select value from pbm_ops.tombstones where kind = 'order_id')
    or concat(judged.source, '/', judged.event_id) in (
        select value from pbm_ops.tombstones where kind = 'event'
    );
