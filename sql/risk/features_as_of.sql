-- What was known of each open order at an instant, and until when its patient had drug.
-- Grain: one row per order open then.
-- Sources: pbm_serving.order_lifecycle_as_of. Parameter: as_of (UTC).

with
    known_orders as (
        select orders.*, @as_of as as_of
        from pbm_serving.order_lifecycle_as_of(@as_of) as orders
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
