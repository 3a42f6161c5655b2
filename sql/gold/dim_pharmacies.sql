-- The pharmacies, with the history of what order management said of them.
-- Grain: one row per pharmacy and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_pharmacies. Freshness: each build.

create table if not exists pbm_gold.dim_pharmacies (
    pharmacy_id string not null options (description = 'Pharmacy'),
    name string not null options (description = 'Name'),
    time_zone string not null options (description = 'IANA time zone of the opening hours'),
    opens_at string options (description = 'Opening time, local, HH:MM'),
    closes_at string options (description = 'Closing time, local, HH:MM'),
    open_days string options (description = 'Seven digits, Monday first; 1 is open'),
    valid_from date not null options (description = 'First snapshot date of this row'),
    valid_to date options (description = 'Last snapshot date of this row; null where current'),
    is_latest bool not null options (description = 'True for the newest row of the pharmacy')
)
options (description = 'One row per pharmacy and period; join by is_latest for one per pharmacy');
