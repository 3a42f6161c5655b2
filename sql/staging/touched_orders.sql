-- The orders whose rows this build computes anew: those of new events, and of displaced copies.
-- Grain: one row per order.
-- Sources: pbm_staging.stg_order_events, pbm_silver.stg_order_events.

create or replace table pbm_staging.touched_orders as
select order_id
from pbm_staging.stg_order_events
union distinct
select displaced.order_id
from pbm_silver.stg_order_events as displaced
inner join pbm_staging.stg_order_events as staged
    on staged.source = displaced.source and staged.event_id = displaced.event_id;
