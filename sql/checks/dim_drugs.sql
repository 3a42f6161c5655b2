-- What must hold of pbm_gold.dim_drugs; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per drug_ndc and first day' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_drugs
group by drug_ndc, valid_from
having count(*) > 1
union all
select
    'one row of each drug_ndc is the latest' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    concat(cast(countif(is_latest) as string), ' rows') as detail
from pbm_gold.dim_drugs
group by drug_ndc
having countif(is_latest) != 1
union all
select
    'a period does not end before it begins' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    cast(valid_to as string) as detail
from pbm_gold.dim_drugs
where valid_to < valid_from
union all
select
    'the code has 11 digits' as check_name,
    'fail' as severity,
    drug_ndc as row_key,
    name as detail
from pbm_gold.dim_drugs
where not regexp_contains(drug_ndc, r'^[0-9]{11}$');
