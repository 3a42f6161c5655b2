-- The pharmacy dimension as this build will publish it.
-- Grain: one row per pharmacy.
-- Sources: pbm_bronze.oms_pharmacies. Parameters: last_date (snapshots up to it).

create or replace table pbm_staging.dim_pharmacies as
select
    pharmacy_id,
    name,
    time_zone,
    opens_at,
    closes_at,
    open_days
from pbm_bronze.oms_pharmacies
where snapshot_date <= @last_date
qualify row_number() over (partition by pharmacy_id order by snapshot_date desc) = 1;
