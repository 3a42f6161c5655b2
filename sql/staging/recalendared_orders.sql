-- Have this build compute anew the orders whose pharmacy has another week or zone than before.
-- Grain: adds rows of pbm_staging.touched_orders.
-- Sources: pbm_gold.fact_order_lifecycle. Parameter: pharmacy_ids. All of the fact is looked
-- through, on the day of such a change alone.

insert into pbm_staging.touched_orders
select distinct fact.reported_order_id as order_id
from pbm_gold.fact_order_lifecycle as fact
left join pbm_staging.touched_orders as touched on touched.order_id = fact.reported_order_id
where
    fact.pharmacy_id in unnest(@pharmacy_ids)
    and fact.shipped_at is not null
    and touched.order_id is null;
