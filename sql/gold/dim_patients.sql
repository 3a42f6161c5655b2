-- The patients without identifiers, with history: pseudonym, age band, ZIP3, therapy.
-- Grain: one row per patient and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_patients, pbm_vault.patient_keys. Freshness: each build.

create table if not exists pbm_gold.dim_patients (
    patient_key string not null options (description = 'Keyed pseudonym'),
    age_band string options (description = 'Ten-year band on the snapshot date; 90+ is one'),
    zip3 string options (description = 'First three ZIP digits; 000 where few people live'),
    therapy string options (description = 'Therapy'),
    valid_from date not null options (description = 'First snapshot date of this row'),
    valid_to date options (description = 'Last snapshot date of this row; null where current'),
    is_latest bool not null options (description = 'True for the newest row of the patient')
)
options (description = 'One row per patient and period; pseudonymised, internal');
