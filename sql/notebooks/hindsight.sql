-- The stage shown at a moment, against the stage we now know the order had. Parameters: moment.
-- Grain: one row.

with
    events as (
        select *
        from pbm_silver.stg_order_events
        where event_at <= @moment
    ),
    pharmacies as (
        select *
        from pbm_gold.dim_pharmacies
    ),
    known_today as (
        -- include lifecycle/order_lifecycle.sql
    )
select
    count(*) as order_count,
    countif(shown.stage != known_today.stage) as wrong_count
from pbm_serving.order_lifecycle_as_of(@moment) as shown
inner join known_today on known_today.order_id = shown.order_id;
