-- What must hold of the stage visits; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per order and visit' as check_name,
    'fail' as severity,
    concat(order_id, '/', cast(visit_number as string)) as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.fact_stage_visits
group by order_id, visit_number
having count(*) > 1
union all
select
    'a visit does not end before it begins' as check_name,
    'fail' as severity,
    concat(order_id, '/', cast(visit_number as string)) as row_key,
    cast(wait_hours as string) as detail
from pbm_gold.fact_stage_visits
where wait_hours < 0
union all
select
    'the visited order has a row' as check_name,
    'fail' as severity,
    visits.order_id as row_key,
    visits.stage as detail
from pbm_gold.fact_stage_visits as visits
left join pbm_gold.fact_order_lifecycle as orders on orders.order_id = visits.order_id
where orders.order_id is null;
