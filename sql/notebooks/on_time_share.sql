-- On-time share as promised and with a tighter promise. Parameters: earlier_hours.
-- Grain: one row.

select
    countif(is_on_time is not null) as order_count,
    coalesce(
        safe_divide(countif(is_on_time), countif(is_on_time is not null)), 0
    ) as on_time_share,
    coalesce(
        safe_divide(
            countif(delivered_at <= timestamp_sub(promised_at, interval @earlier_hours hour)),
            countif(is_on_time is not null)
        ),
        0
    ) as tighter_share
from pbm_gold.fact_order_lifecycle;
