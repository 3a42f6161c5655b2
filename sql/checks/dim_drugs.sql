-- What must hold of pbm_gold.dim_drugs; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per drug_ndc' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_drugs
group by drug_ndc
having count(*) > 1
union all
select
    'the code has 11 digits' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    name as detail
from pbm_gold.dim_drugs
where not regexp_contains(drug_ndc, r'^[0-9]{11}$');
