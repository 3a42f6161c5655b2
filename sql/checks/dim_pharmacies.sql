-- What must hold of pbm_gold.dim_pharmacies; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per pharmacy_id' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_pharmacies
group by pharmacy_id
having count(*) > 1
union all
select
    'the pharmacy has a time zone' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    name as detail
from pbm_gold.dim_pharmacies
where time_zone = '';
