-- Payers for a snapshot. PostgreSQL.
-- Grain: one row per payer.

select payer_id, name, plan_type
from payers
order by payer_id;
