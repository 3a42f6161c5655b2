-- Prescribers for a snapshot. PostgreSQL.
-- Grain: one row per prescriber.

select prescriber_id, full_name, specialty, zip_code
from prescribers
order by prescriber_id;
