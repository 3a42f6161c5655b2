-- How much the stream has landed. Parameters: last_date.
-- Grain: one row.

select
    (
        select count(distinct message_id)
        from pbm_bronze.raw_orders
        where known_date <= @last_date
    ) as raw_messages,
    (
        select count(distinct concat(source, '/', event_id))
        from pbm_live.order_events
    ) as live_events;
