-- What must hold of pbm_gold.dim_patients; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per patient_key and first day' as check_name,
    'fail' as severity,
    patient_key as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_patients
group by patient_key, valid_from
having count(*) > 1
union all
select
    'one row of each patient_key is the latest' as check_name,
    'fail' as severity,
    patient_key as row_key,
    concat(cast(countif(is_latest) as string), ' rows') as detail
from pbm_gold.dim_patients
group by patient_key
having countif(is_latest) != 1
union all
select
    'a period does not end before it begins' as check_name,
    'fail' as severity,
    patient_key as row_key,
    cast(valid_to as string) as detail
from pbm_gold.dim_patients
where valid_to < valid_from
union all
select
    'the pseudonym has 32 hexadecimal digits' as check_name,
    'fail' as severity,
    patient_key as row_key,
    age_band as detail
from pbm_gold.dim_patients
where not regexp_contains(patient_key, r'^[0-9a-f]{32}$')
union all
select
    'the area has three digits' as check_name,
    'fail' as severity,
    patient_key as row_key,
    age_band as detail
from pbm_gold.dim_patients
where not regexp_contains(zip3, r'^[0-9]{3}$');
