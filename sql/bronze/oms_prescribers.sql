-- Who prescribes, as order management had them; names of people stand here alone.
-- Grain: one row per prescriber and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_prescribers (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    prescriber_id string not null options (description = 'Prescriber in the source systems'),
    full_name string options (description = 'Name'),
    specialty string options (description = 'Specialty'),
    zip_code string options (description = 'ZIP code of the practice')
)
partition by snapshot_date
cluster by prescriber_id
options (description = 'The prescribers as order management had them');
