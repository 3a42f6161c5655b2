-- What must hold of what patients said; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per event' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.fact_patient_feedback
group by source, event_id
having count(*) > 1
union all
select
    'the order that it is about has a row' as check_name,
    'fail' as severity,
    concat(feedback.source, '/', feedback.event_id) as row_key,
    feedback.order_id as detail
from pbm_gold.fact_patient_feedback as feedback
left join pbm_gold.fact_order_lifecycle as orders on orders.order_id = feedback.order_id
where orders.order_id is null
union all
select
    'the category is that of the score' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    nps_category as detail
from pbm_gold.fact_patient_feedback
where
    coalesce(nps_category, '') != case
        when nps >= 9 then 'promoter'
        when nps >= 7 then 'passive'
        when nps >= 0 then 'detractor'
        else ''
    end;
