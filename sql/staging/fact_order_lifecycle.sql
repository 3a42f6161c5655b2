-- The rows of pbm_gold.fact_order_lifecycle that this build computes anew.
-- Grain: one row per touched order.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by lifecycle/order_lifecycle.sql.

create or replace table pbm_staging.fact_order_lifecycle as
with
    events as (
        -- include lifecycle/touched_events.sql
    ),
    pharmacies as (
        select *
        from pbm_staging.dim_pharmacies
    ),
    computed as (
        -- include lifecycle/order_lifecycle.sql
    )
select *
from computed;
