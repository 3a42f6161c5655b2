-- The messages that an ended stream had landed in bronze, and neither in live nor as dead letters.
-- Grain: one row per message, as it was first received.
-- Sources: pbm_bronze.raw_orders, pbm_live.order_events, pbm_ops. What a publication may have taken
-- out of live, two days below the mark, is left to the batch, which has it.
-- Parameters: first_date (UTC), before which Pub/Sub delivers nothing again; in_flight_minutes, how
-- long before the newest message those were received that were in flight with it. Messages with an
-- observed_at are left out: however often they come, they say themselves when they were known.

with
    newest as (
        select
            greatest(
                timestamp_sub(max(ingested_at), interval @in_flight_minutes minute),
                coalesce(
                    (
                        select timestamp(date_sub(high_water_date, interval 2 day))
                        from pbm_ops.high_water_mark
                    ),
                    timestamp(@first_date)
                )
            ) as oldest_at
        from pbm_bronze.raw_orders
        where known_date >= @first_date
    ),
    received as (
        select raw_orders.*
        from pbm_bronze.raw_orders as raw_orders
        cross join newest
        where
            raw_orders.known_date >= @first_date
            and raw_orders.known_at = raw_orders.ingested_at
            and raw_orders.ingested_at >= newest.oldest_at
        qualify
            row_number() over (
                partition by raw_orders.message_id
                order by raw_orders.known_at, raw_orders.ingested_at
            ) = 1
    ),
    finished as (
        select order_events.message_id, order_events.ingested_at
        from pbm_live.order_events as order_events
        cross join newest
        where order_events.ingested_at >= newest.oldest_at
        union all
        select dead_letters.message_id, dead_letters.refused_at as ingested_at
        from pbm_ops.dead_letters as dead_letters
        cross join newest
        where dead_letters.refused_at >= newest.oldest_at
    )
select
    received.message_id,
    received.publish_time,
    received.ingested_at,
    received.known_at,
    received.source,
    received.attributes,
    received.payload
from received
left join finished
    on finished.message_id = received.message_id
    and finished.ingested_at <= received.ingested_at
where finished.message_id is null
order by received.ingested_at, received.message_id;
