-- Take back out of a build the messages of erased patients that came in again.
-- Grain: one transaction; deletes from pbm_bronze, pbm_live and the working tables of the build.
-- Sources: pbm_vault.erased_messages. Parameters: patient_ids (erased patients who were named
-- again), first_date, last_date (known_date, both included).

begin transaction;

delete from pbm_bronze.raw_orders
where
    known_date between @first_date and @last_date
    and message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_bronze.oms_patients
where patient_id in unnest(@patient_ids);

delete from pbm_bronze.oms_orders
where patient_id in unnest(@patient_ids);

delete from pbm_live.order_events
where message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_vault.judged_messages
where message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_vault.new_messages
where message_id in (select message_id from pbm_vault.erased_messages);

commit transaction;
