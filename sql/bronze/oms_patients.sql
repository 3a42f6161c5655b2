-- The patients as order management had them; identifiers stand here and in the vault alone.
-- Grain: one row per patient and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_patients (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    patient_id string not null options (description = 'Patient in the source systems'),
    full_name string options (description = 'Name'),
    birth_date date options (description = 'Date of birth'),
    phone string options (description = 'Telephone'),
    email string options (description = 'E-mail'),
    street string options (description = 'Street'),
    zip_code string options (description = 'ZIP code'),
    therapy string options (description = 'Therapy')
)
partition by snapshot_date
cluster by patient_id
options (description = 'The patients as order management had them');
