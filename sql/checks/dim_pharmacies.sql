-- What must hold of pbm_gold.dim_pharmacies; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per pharmacy_id and first day' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_pharmacies
group by pharmacy_id, valid_from
having count(*) > 1
union all
select
    'one row of each pharmacy_id is the latest' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    concat(cast(countif(is_latest) as string), ' rows') as detail
from pbm_gold.dim_pharmacies
group by pharmacy_id
having countif(is_latest) != 1
union all
select
    'a period does not end before it begins' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    cast(valid_to as string) as detail
from pbm_gold.dim_pharmacies
where valid_to < valid_from
union all
select
    'the pharmacy has a time zone' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    concat(name, ': ', time_zone) as detail
from pbm_gold.dim_pharmacies
where not regexp_contains(time_zone, r'^([A-Za-z_]+(/[A-Za-z_+-]+)+|UTC)$')
union all
select
    'the pharmacy has seven days of a week' as check_name,
    'fail' as severity,
    pharmacy_id as row_key,
    open_days as detail
from pbm_gold.dim_pharmacies
where not regexp_contains(open_days, r'^[01]{7}$');
