-- Pharmacies for a snapshot. PostgreSQL.
-- Grain: one row per pharmacy.

select pharmacy_id, name, time_zone, opens_at, closes_at, open_days
from pharmacies
order by pharmacy_id;
