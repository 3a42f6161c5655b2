-- What the absence of carriers would have said of the orders.
-- Grain: two rows: as it was, and what if.
-- Sources: pbm_serving.order_lifecycle_as_of. Parameters: as_of, without_carriers (orders that
-- these carried are left out of the second row).
-- On time: delivered by the promise / (delivered + open past its promise).

with
    orders as (
        select *
        from pbm_serving.order_lifecycle_as_of(@as_of)
    ),
    pictures as (
        select 1 as picture_number, 'as it was' as picture, orders.*
        from orders
        union all
        select 2 as picture_number, 'what if' as picture, orders.*
        from orders
        where not coalesce(carrier in unnest(@without_carriers), false)
    )
select
    picture,
    count(*) as order_count,
    countif(status = 'open') as open_count,
    countif(status = 'delivered') as delivered_count,
    round(
        100 * safe_divide(
            countif(status = 'delivered' and is_on_time),
            countif(status = 'delivered' and is_on_time is not null)
            + countif(status = 'open' and promised_at < @as_of)
        ),
        2
    ) as on_time_percent,
    round(avg(turnaround_hours), 2) as mean_turnaround_hours,
    round(avg(delivery_hours), 2) as mean_delivery_hours
from pictures
group by picture_number, picture
order by picture_number;
