-- What must hold of pbm_gold.dim_patients; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per patient_key' as check_name,
    'fail' as severity,
    patient_key as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_patients
group by patient_key
having count(*) > 1
union all
select
    'the pseudonym has 32 hexadecimal digits' as check_name,
    'fail' as severity,
    patient_key as row_key,
    age_band as detail
from pbm_gold.dim_patients
where not regexp_contains(patient_key, r'^[0-9a-f]{32}$') or length(zip3) != 3;
