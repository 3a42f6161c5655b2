-- The bronze messages of the days that silver does not yet account for.
-- Grain: one row per message (the first-known delivery of it).
-- Sources: pbm_bronze.raw_orders, pbm_silver. Parameters: first_date, last_date (known_date, both
-- included), cut_at (nothing ingested after it is read, so a build sees one fixed set),
-- silver_dates (the partitions of silver that hold the messages of these days). A message that
-- comes again is accounted for by its first delivery; Pub/Sub keeps one for 31 days at most, so no
-- refusal is looked for further back. In the vault, since payloads hold identifiers.

create or replace table pbm_vault.new_messages as
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
    ),
    repeated as (
        select message_id
        from deliveries
        group by message_id
        having count(*) > 1
    ),
    first_deliveries as (
        select deliveries.*
        from deliveries
        left join repeated on repeated.message_id = deliveries.message_id
        where repeated.message_id is null
        union all
        select deliveries.*
        from deliveries
        inner join repeated on repeated.message_id = deliveries.message_id
        where true
        qualify
            row_number() over (
                partition by deliveries.message_id
                order by deliveries.known_at, deliveries.ingested_at
            ) = 1
    ),
    accounted as (
        select message_id, known_at
        from pbm_silver.stg_order_events
        where event_date in unnest(@silver_dates)
        union all
        select message_id, known_at
        from pbm_silver.rejected_events
        where known_date between date_sub(@first_date, interval 31 day) and @last_date
    )
select
    first_deliveries.message_id,
    first_deliveries.publish_time,
    first_deliveries.ingested_at,
    first_deliveries.known_at,
    first_deliveries.attribute_source,
    first_deliveries.payload
from first_deliveries
left join accounted
    on accounted.message_id = first_deliveries.message_id
    and accounted.known_at <= first_deliveries.known_at
where accounted.message_id is null;
