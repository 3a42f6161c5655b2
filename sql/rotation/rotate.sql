-- Put the pseudonyms by the key that comes in the place of those by the key that goes.
-- Grain: one transaction.
-- Sources: pbm_vault.rotated_keys.
-- Tombstones keep the old pseudonyms: an erased patient's can't be made anew, and the next build
-- knows such a patient by the digest in pbm_vault.erasures.

begin transaction;

update pbm_silver.stg_order_events as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

update pbm_live.order_events as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

update pbm_gold.fact_order_lifecycle as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

update pbm_gold.fact_patient_feedback as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

update pbm_gold.dim_patients as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

update pbm_vault.patient_keys as held
set patient_key = rotated.next_patient_key
from pbm_vault.rotated_keys as rotated
where held.patient_key = rotated.patient_key;

delete from pbm_vault.rotated_keys
where true;

commit transaction;
