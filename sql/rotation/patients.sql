-- The patients whose pseudonyms a rotation of the key replaces.
-- Grain: one row per patient id.
-- Sources: pbm_vault.patient_keys. Read by Python, which makes the new pseudonyms.

select patient_id, patient_key
from pbm_vault.patient_keys
order by patient_id;
