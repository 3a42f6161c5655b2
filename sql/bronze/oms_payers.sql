-- Who pays, as order management had them.
-- Grain: one row per payer and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_payers (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    payer_id string not null options (description = 'Payer in the source systems'),
    name string options (description = 'Name'),
    plan_type string options (description = 'commercial, medicare or medicaid')
)
partition by snapshot_date
cluster by payer_id
options (description = 'The payers as order management had them');
