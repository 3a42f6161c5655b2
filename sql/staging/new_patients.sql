-- The patients that the new messages and the last snapshot name and the vault does not know yet.
-- Grain: one row per patient id.
-- Sources: pbm_vault.judged_messages, pbm_bronze.oms_patients, pbm_vault.patient_keys.
-- Parameters: since_date, last_date (snapshots between them, both included). Read by Python, which
-- makes the pseudonyms.

with
    named as (
        select patient_id
        from pbm_vault.judged_messages
        union distinct
        select patient_id
        from pbm_bronze.oms_patients
        where snapshot_date between @since_date and @last_date
    )
select named.patient_id
from named
left join pbm_vault.patient_keys as patient_keys on patient_keys.patient_id = named.patient_id
where named.patient_id is not null and patient_keys.patient_id is null;
