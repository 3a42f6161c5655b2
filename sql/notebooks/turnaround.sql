-- The turnaround of shipped orders by path.
-- Grain: one row per shipped order.

select
    if(is_clean, 'clean', 'intervention') as path,
    turnaround_hours
from pbm_gold.fact_order_lifecycle
where turnaround_hours is not null
order by path, turnaround_hours;
