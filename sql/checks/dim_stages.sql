-- What must hold of pbm_gold.dim_stages; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per stage' as check_name,
    'fail' as severity,
    stage as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.dim_stages
group by stage
having count(*) > 1
union all
select
    'terminal exactly where no hours are allowed' as check_name,
    'fail' as severity,
    stage as row_key,
    label as detail
from pbm_gold.dim_stages
where is_terminal != (sla_hours is null);
