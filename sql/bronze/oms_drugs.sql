-- The drugs as order management had them.
-- Grain: one row per drug and snapshot date.
-- Sources: the order-management database by lib/pbm360/oms. Partition: snapshot_date.
-- Freshness: each build.

create table if not exists pbm_bronze.oms_drugs (
    snapshot_date date not null options (description = 'Day of the snapshot, UTC; partition'),
    drug_ndc string not null options (description = 'National Drug Code, 11 digits; synthetic'),
    name string options (description = 'Brand name'),
    form string options (description = 'Dosage form'),
    strength string options (description = 'Strength'),
    temperature_class string options (description = 'ambient, refrigerated or frozen'),
    therapy string options (description = 'Therapy')
)
partition by snapshot_date
cluster by drug_ndc
options (description = 'The drugs as order management had them');
