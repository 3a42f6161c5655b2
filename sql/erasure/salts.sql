-- What is needed to know an erased patient again.
-- Grain: one row per erasure.
-- Sources: pbm_vault.erasures.

select erasure_id, salt, patient_digest
from pbm_vault.erasures
order by asked_at, erasure_id;
