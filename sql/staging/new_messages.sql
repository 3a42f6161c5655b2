-- The bronze messages of the days that silver does not yet account for.
-- Grain: one row per message (the first-known delivery of it).
-- Sources: pbm_bronze.raw_orders, pbm_silver. Parameters: first_date, last_date (known_date, both
-- included), cut_at (nothing ingested after it is read, so a build sees one fixed set).

create or replace table pbm_staging.new_messages as
with
    deliveries as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            source as attribute_source,
            payload
        from pbm_bronze.raw_orders
        where known_date between @first_date and @last_date and ingested_at <= @cut_at
        qualify row_number() over (partition by message_id order by known_at, ingested_at) = 1
    ),
    accounted as (
        select message_id
        from pbm_silver.stg_order_events
        where known_at >= timestamp(@first_date)
        union all
        select message_id
        from pbm_silver.rejected_events
        where known_date >= @first_date
    )
select
    deliveries.message_id,
    deliveries.publish_time,
    deliveries.ingested_at,
    deliveries.known_at,
    deliveries.attribute_source,
    deliveries.payload
from deliveries
left join accounted on accounted.message_id = deliveries.message_id
where accounted.message_id is null;
