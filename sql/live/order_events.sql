-- Valid events that the stream has seen and the batch may not have published yet.
-- Grain: one row per delivery of a valid event; readers take distinct (source, event_id).
-- Sources: lib/pbm360/stream. Partition: event_date, cluster: order_id. Freshness: seconds.

create table if not exists pbm_live.order_events like pbm_silver.stg_order_events;
