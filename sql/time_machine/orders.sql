-- Each order as it was known at an instant.
-- Grain: one row per order known by then.
-- Sources: pbm_serving.order_lifecycle_as_of. Parameter: as_of.

select *
from pbm_serving.order_lifecycle_as_of(@as_of)
order by order_id;
