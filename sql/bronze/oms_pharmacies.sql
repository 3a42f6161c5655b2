-- The pharmacies as order management had them.
-- Grain: one row per pharmacy and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_pharmacies (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    pharmacy_id string not null options (description = 'Pharmacy'),
    name string options (description = 'Name'),
    time_zone string options (description = 'IANA time zone'),
    opens_at string options (description = 'Opening time, local, HH:MM'),
    closes_at string options (description = 'Closing time, local, HH:MM'),
    open_days string options (description = 'Seven digits, Monday first; 1 is open')
)
partition by snapshot_date
cluster by pharmacy_id
options (description = 'The pharmacies as order management had them');
