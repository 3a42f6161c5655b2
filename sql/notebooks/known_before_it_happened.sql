-- Events that claim to have happened after they were known. Parameters: tolerance_seconds.
-- Grain: one row.

select
    count(*) as event_count,
    countif(timestamp_diff(event_at, known_at, second) > @tolerance_seconds) as early_count
from pbm_staging.stg_order_events;
