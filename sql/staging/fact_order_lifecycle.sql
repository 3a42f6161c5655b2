-- The rows of pbm_gold.fact_order_lifecycle that this build computes anew.
-- Grain: one row per touched order.
-- Sources: pbm_staging.touched_events by lifecycle/order_lifecycle.sql.

create or replace table pbm_staging.fact_order_lifecycle as
with
    events as (
        select *
        from pbm_staging.touched_events
    ),
    computed as (
        -- include lifecycle/order_lifecycle.sql
    )
select *
from computed;
