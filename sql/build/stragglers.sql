-- The messages that no build has accounted for, of all days up to one: the full anti-join.
-- Grain: one row per known_date that has such messages.
-- Sources: pbm_bronze.raw_orders, pbm_silver. Parameter: last_date (included).

with
    accounted as (
        select message_id, known_at
        from pbm_silver.stg_order_events
        union all
        select message_id, known_at
        from pbm_silver.rejected_events
    )
select
    raw_orders.known_date,
    count(distinct raw_orders.message_id) as message_count
from pbm_bronze.raw_orders as raw_orders
left join accounted
    on accounted.message_id = raw_orders.message_id
    and accounted.known_at <= raw_orders.known_at
where raw_orders.known_date <= @last_date and accounted.message_id is null
group by raw_orders.known_date
order by raw_orders.known_date;
