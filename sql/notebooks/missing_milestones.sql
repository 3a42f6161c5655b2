-- Shipped orders without a packed scan.
-- Grain: one row.

select
    countif(shipped_at is not null) as shipped_count,
    countif(shipped_at is not null and packed_at is null) as unscanned_count
from pbm_gold.fact_order_lifecycle;
