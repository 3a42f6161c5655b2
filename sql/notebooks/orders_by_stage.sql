-- Open orders by stage, now.
-- Grain: one row per stage that holds an order.

select stages.label, stages.stage_order, count(*) as order_count
from pbm_serving.order_lifecycle as orders
inner join pbm_gold.dim_stages as stages on stages.stage = orders.stage
where orders.status = 'open'
group by stages.label, stages.stage_order
order by stages.stage_order;
