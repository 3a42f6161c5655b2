-- How carriers kept their promises, week by week.
-- Grain: one row per week (of delivery) and carrier.
-- Sources: pbm_gold.fact_order_lifecycle. Numbers of 1 to 10 orders are null, and where a week has one
-- such carrier alone, of its next smallest, too (privacy/suppressed_cells.sql).

create or replace view pbm_reporting.carrier_weeks (
    week_date options (description = 'Monday of the ISO week of delivery, UTC'),
    carrier options (description = 'Carrier: ups, fedex, usps, courier'),
    promised_count options (description = 'Delivered orders with a promise; null: suppressed'),
    on_time_count options (description = 'Those delivered by their promise; null: suppressed'),
    on_time_share options (description = 'Share delivered by their promise; null: suppressed'),
    median_delivery_hours options (description = 'Shipped to delivered, hours; null: suppressed'),
    is_suppressed options (description = 'True where the numbers are suppressed')
)
options (description = 'One row per week and carrier: promises kept; small cells suppressed')
as
with
    deliveries as (
        select
            carrier,
            date_trunc(date(delivered_at), isoweek) as week_date,
            is_on_time,
            percentile_cont(delivery_hours, 0.5) over (
                partition by carrier, date_trunc(date(delivered_at), isoweek)
            ) as median_delivery_hours
        from pbm_gold.fact_order_lifecycle
        where status = 'delivered' and is_on_time is not null and carrier is not null
    ),
    counted as (
        select
            week_date,
            carrier,
            count(*) as promised_count,
            countif(is_on_time) as on_time_count,
            max(median_delivery_hours) as median_delivery_hours
        from deliveries
        group by week_date, carrier
    ),
    cells as (
        select
            concat('promised ', cast(week_date as string)) as block,
            carrier as cell,
            promised_count as n
        from counted
        union all
        select
            concat('kept ', cast(week_date as string), ' ', carrier) as block,
            'kept' as cell,
            on_time_count as n
        from counted
        union all
        select
            concat('kept ', cast(week_date as string), ' ', carrier) as block,
            'late' as cell,
            promised_count - on_time_count as n
        from counted
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    ),
    judged as (
        select
            counted.*,
            of_orders.is_suppressed,
            of_orders.is_suppressed or of_promises.is_suppressed as is_share_suppressed
        from counted
        inner join judged_cells as of_orders
            on of_orders.cell = counted.carrier
            and of_orders.block = concat('promised ', cast(counted.week_date as string))
        inner join judged_cells as of_promises
            on of_promises.cell = 'kept'
            and of_promises.block
            = concat('kept ', cast(counted.week_date as string), ' ', counted.carrier)
    )
select
    week_date,
    carrier,
    if(is_suppressed, null, promised_count) as promised_count,
    if(is_share_suppressed, null, on_time_count) as on_time_count,
    if(is_share_suppressed, null, safe_divide(on_time_count, promised_count)) as on_time_share,
    if(is_suppressed, null, median_delivery_hours) as median_delivery_hours,
    is_share_suppressed as is_suppressed
from judged;
