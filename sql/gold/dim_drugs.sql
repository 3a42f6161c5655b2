-- The drugs, with the history of what order management said of them.
-- Grain: one row per NDC-11 and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_drugs. Freshness: each build.

create table if not exists pbm_gold.dim_drugs (
    drug_ndc string not null options (description = 'National Drug Code, 11 digits; synthetic'),
    name string not null options (description = 'Brand name'),
    form string options (description = 'Dosage form'),
    strength string options (description = 'Strength'),
    temperature_class string options (description = 'ambient, refrigerated or frozen'),
    therapy string options (description = 'Therapy'),
    valid_from date not null options (description = 'First snapshot date of this row'),
    valid_to date options (description = 'Last snapshot date of this row; null where current'),
    is_latest bool not null options (description = 'True for the newest row of the drug')
)
options (description = 'One row per drug and period; join by is_latest for one per drug');
