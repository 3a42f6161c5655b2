-- What must hold of the orders' rows; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per order' as check_name,
    'fail' as severity,
    order_id as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_gold.fact_order_lifecycle
group by order_id
having count(*) > 1
union all
select
    'status is one of five' as check_name,
    'fail' as severity,
    order_id as row_key,
    status as detail
from pbm_gold.fact_order_lifecycle
where status not in ('open', 'delivered', 'cancelled', 'returned', 'lost')
union all
select
    'delivered exactly where the status says so' as check_name,
    'fail' as severity,
    order_id as row_key,
    status as detail
from pbm_gold.fact_order_lifecycle
where status = 'delivered' and delivered_at is null
union all
select
    'no duration is negative' as check_name,
    'fail' as severity,
    order_id as row_key,
    cast(turnaround_hours as string) as detail
from pbm_gold.fact_order_lifecycle
where turnaround_hours < 0 or delivery_hours < 0 or prior_authorization_hours < 0
union all
select
    'a perfect order is on time' as check_name,
    'fail' as severity,
    order_id as row_key,
    'is_perfect' as detail
from pbm_gold.fact_order_lifecycle
where is_perfect and not coalesce(is_on_time, false)
union all
select
    'the reported id is used once' as check_name,
    'warn' as severity,
    order_id as row_key,
    reported_order_id as detail
from pbm_gold.fact_order_lifecycle
where order_id != reported_order_id
union all
select
    'first event not after the last' as check_name,
    'fail' as severity,
    order_id as row_key,
    cast(first_event_at as string) as detail
from pbm_gold.fact_order_lifecycle
where first_event_at > last_event_at or event_count < 1
union all
select
    'the order has a stage' as check_name,
    'warn' as severity,
    order_id as row_key,
    'no event entered a stage' as detail
from pbm_gold.fact_order_lifecycle
where stage is null
union all
select
    'the order has its referral' as check_name,
    'warn' as severity,
    order_id as row_key,
    'referral_received is missing' as detail
from pbm_gold.fact_order_lifecycle
where received_at is null;
