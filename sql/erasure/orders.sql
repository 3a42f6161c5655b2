-- The orders that an erasure found.
-- Grain: one row per order id as it was reported.
-- Sources: pbm_vault.erased_orders.

select
    reported_order_id as order_id,
    logical_or(is_shared) as is_shared
from pbm_vault.erased_orders
group by reported_order_id
order by reported_order_id;
