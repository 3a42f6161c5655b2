-- Orders that order management knows and no event does, and the reverse; no row is good.
-- Grain: one row per order and check.
-- Sources: pbm_bronze.oms_orders (the snapshot of the day), pbm_silver.stg_order_events.
-- Parameter: run_date. Orders and events of the four weeks up to it count; an order has a day to be
-- heard of, and of the reverse only order management's own events, known before the day ended,
-- speak. Without a snapshot nothing is said.
-- Columns: check_name, severity, row_key, detail.

with
    snapshot_orders as (
        select order_id, created_at
        from pbm_bronze.oms_orders
        where snapshot_date = @run_date
    ),
    told_orders as (
        select
            order_id,
            countif(
                source = 'oms'
                and event_date <= @run_date
                and known_at < timestamp(date_add(@run_date, interval 1 day))
            ) as told_count
        from pbm_silver.stg_order_events
        where event_date >= date_sub(@run_date, interval 28 day)
        group by order_id
    )
select
    'an order of order management has events' as check_name,
    'warn' as severity,
    snapshot_orders.order_id as row_key,
    concat('taken at ', cast(snapshot_orders.created_at as string), ', no event names it') as detail
from snapshot_orders
left join told_orders on told_orders.order_id = snapshot_orders.order_id
where
    told_orders.order_id is null
    and snapshot_orders.created_at >= timestamp(date_sub(@run_date, interval 28 day))
    and snapshot_orders.created_at < timestamp(@run_date)
union all
select
    'an order of events is in order management' as check_name,
    'warn' as severity,
    told_orders.order_id as row_key,
    concat(cast(told_orders.told_count as string), ' events, not in the snapshot') as detail
from told_orders
left join snapshot_orders on snapshot_orders.order_id = told_orders.order_id
where
    snapshot_orders.order_id is null
    and told_orders.told_count > 0
    and exists (select 1 from snapshot_orders);
