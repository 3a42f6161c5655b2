-- The pseudonym that stands for a patient.
-- Grain: one row, or none where the vault does not know the patient.
-- Sources: pbm_vault.patient_keys. Parameter: patient_id.

select patient_key
from pbm_vault.patient_keys
where patient_id = @patient_id;
