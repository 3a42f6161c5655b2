-- The drugs, as order management last had them.
-- Grain: one row per NDC-11.
-- Sources: pbm_bronze.oms_drugs. Freshness: each build.

create table if not exists pbm_gold.dim_drugs (
    drug_ndc string not null options (description = 'National Drug Code, 11 digits; synthetic'),
    name string not null options (description = 'Brand name'),
    form string options (description = 'Dosage form'),
    strength string options (description = 'Strength'),
    temperature_class string options (description = 'ambient, refrigerated or frozen'),
    therapy string options (description = 'Therapy'),
    valid_from date not null options (description = 'First snapshot date of this row'),
    valid_to date options (description = 'Last snapshot date of this row; null where current')
)
options (description = 'One row per drug');
