-- Open orders by stage as they were known at an instant. Parameters: as_of.
-- Grain: one row per stage that held an order.

select @as_of as as_of, stages.label, stages.stage_order, count(*) as order_count
from pbm_serving.order_lifecycle_as_of(@as_of) as orders
inner join pbm_gold.dim_stages as stages on stages.stage = orders.stage
where orders.status = 'open'
group by stages.label, stages.stage_order
order by stages.stage_order;
