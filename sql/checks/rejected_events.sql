-- What must hold of the refused messages; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per message' as check_name,
    'fail' as severity,
    message_id as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_silver.rejected_events
group by message_id
having count(*) > 1
union all
select
    'a message is accepted or refused, not both' as check_name,
    'fail' as severity,
    rejected.message_id as row_key,
    rejected.reason_code as detail
from pbm_silver.rejected_events as rejected
inner join pbm_silver.stg_order_events as accepted on accepted.message_id = rejected.message_id;
