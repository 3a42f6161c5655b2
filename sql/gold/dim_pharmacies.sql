-- The pharmacies, as order management last had them.
-- Grain: one row per pharmacy.
-- Sources: pbm_bronze.oms_pharmacies. Freshness: each build.

create table if not exists pbm_gold.dim_pharmacies (
    pharmacy_id string not null options (description = 'Pharmacy'),
    name string not null options (description = 'Name'),
    time_zone string not null options (description = 'IANA time zone of the opening hours'),
    opens_at string options (description = 'Opening time, local, HH:MM'),
    closes_at string options (description = 'Closing time, local, HH:MM'),
    open_days string options (description = 'Seven digits, Monday first; 1 is open')
)
options (description = 'One row per pharmacy');
