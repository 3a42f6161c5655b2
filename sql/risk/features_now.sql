-- What is known of each open order now, and until when its patient has drug.
-- Grain: one row per open order.
-- Sources: pbm_serving.order_lifecycle. Parameter: now (UTC), the instant that is called now.

with
    known_orders as (
        select orders.*, @now as as_of
        from pbm_serving.order_lifecycle as orders
    ),
    features as (
        -- include risk/order_features.sql
    ),
    supplies as (
        -- include risk/order_supplies.sql
    )
select features.*, supplies.runout_at
from features
left join supplies
    on supplies.as_of = features.as_of
    and supplies.patient_key = features.patient_key
    and supplies.drug_ndc = features.drug_ndc;
