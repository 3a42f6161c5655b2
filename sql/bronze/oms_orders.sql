-- The orders as order management had them.
-- Grain: one row per order and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_orders (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    order_id string not null options (description = 'Order'),
    patient_id string not null options (description = 'Patient in the source systems'),
    pharmacy_id string options (description = 'Pharmacy'),
    drug_ndc string options (description = 'National Drug Code, 11 digits'),
    created_at timestamp options (description = 'When order management took it, UTC'),
    priority string options (description = 'routine or urgent'),
    quantity numeric options (description = 'Quantity, dispensing units'),
    days_supply int64 options (description = 'Days that the quantity lasts'),
    prescriber_id string options (description = 'Prescriber; null until it is known'),
    payer_id string options (description = 'Payer; null until it is known, or where the patient pays')
)
partition by snapshot_date
cluster by order_id
options (description = 'The orders as order management had them');
