-- Orders for a snapshot. PostgreSQL.
-- Grain: one row per order.

select
    order_id,
    patient_id,
    pharmacy_id,
    drug_ndc,
    created_at,
    priority,
    quantity,
    days_supply,
    prescriber_id,
    payer_id
from orders
where created_at < %(until)s
order by order_id;
