-- The patients without identifiers: pseudonym, age band, ZIP3, therapy.
-- Grain: one row per patient.
-- Sources: pbm_bronze.oms_patients, pbm_vault.patient_keys. Freshness: each build.

create table if not exists pbm_gold.dim_patients (
    patient_key string not null options (description = 'Keyed pseudonym'),
    age_band string options (description = 'Ten-year band on the snapshot date; 90+ is one'),
    zip3 string options (description = 'First three ZIP digits; 000 where few people live'),
    therapy string options (description = 'Therapy')
)
options (description = 'One row per patient; pseudonymised, internal');
