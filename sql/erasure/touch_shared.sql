-- Touch the orders that shared an id with an erased one: a build's files compute their facts anew.
-- Grain: adds rows of pbm_staging.touched_orders.
-- Sources: pbm_vault.erased_orders.

insert into pbm_staging.touched_orders (order_id)
select distinct reported_order_id
from pbm_vault.erased_orders
where is_shared;
