-- Add or change one of the orders. PostgreSQL.
-- Grain: one row.

insert into orders (
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
)
values (
    %(order_id)s,
    %(patient_id)s,
    %(pharmacy_id)s,
    %(drug_ndc)s,
    %(created_at)s,
    %(priority)s,
    %(quantity)s,
    %(days_supply)s,
    %(prescriber_id)s,
    %(payer_id)s
)
on conflict (order_id) do update set
    patient_id = excluded.patient_id,
    pharmacy_id = excluded.pharmacy_id,
    drug_ndc = excluded.drug_ndc,
    created_at = excluded.created_at,
    priority = excluded.priority,
    quantity = excluded.quantity,
    days_supply = excluded.days_supply,
    prescriber_id = coalesce(excluded.prescriber_id, orders.prescriber_id),
    payer_id = coalesce(excluded.payer_id, orders.payer_id);
