-- The orders whose rows this build computes anew: those of new events, and of displaced copies.
-- Grain: one row per order.
-- Sources: pbm_staging.stg_order_events, pbm_staging.displaced_events.

create or replace table pbm_staging.touched_orders as
select order_id
from pbm_staging.stg_order_events
union distinct
select order_id
from pbm_staging.displaced_events;
