-- When the pharmacies are open, for reckoning in their hours.
-- Grain: one row per pharmacy.
-- Sources: pbm_gold.dim_pharmacies.

select pharmacy_id, time_zone, opens_at, closes_at, open_days
from pbm_gold.dim_pharmacies
where is_latest
order by pharmacy_id;
