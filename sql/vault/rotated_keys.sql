-- Which pseudonym takes the place of which while the key is rotated; empty at other times.
-- Grain: one row per pseudonym.
-- Sources: lib/pbm360/rotation. Restricted.

create table if not exists pbm_vault.rotated_keys (
    patient_key string not null options (description = 'Pseudonym by the key that goes'),
    next_patient_key string not null options (description = 'Pseudonym by the key that comes')
)
options (description = 'Working table of a rotation; restricted');
