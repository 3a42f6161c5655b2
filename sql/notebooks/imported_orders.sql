-- The orders of a log of one's own, as gold tells them.
-- Grain: one row per order.
-- Sources: pbm_gold.fact_order_lifecycle.
-- Parameters: order_prefix: what its order ids begin with.

select
    order_id,
    status,
    stage,
    received_at,
    filled_at,
    shipped_at,
    delivered_at,
    turnaround_hours,
    delivery_hours,
    event_count
from pbm_gold.fact_order_lifecycle
where starts_with(order_id, @order_prefix)
order by order_id;
