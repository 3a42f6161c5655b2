-- Which pseudonym stands for which patient. Restricted; an erasure starts here.
-- Grain: one row per patient id.
-- Sources: lib/pbm360/medallion (HMAC-SHA-256; the key never enters SQL). Freshness: each build.

create table if not exists pbm_vault.patient_keys (
    patient_id string not null options (description = 'Patient in the source systems'),
    patient_key string not null options (description = 'Keyed pseudonym, 32 hexadecimal digits'),
    created_at timestamp not null options (description = 'When the pseudonym was made, UTC')
)
cluster by patient_id
options (description = 'Patient id to pseudonym; restricted');
