-- What a clock hour of a weekday usually brings: the plan that throughput is held against.
-- Grain: one row per day of the week (1 Sunday to 7 Saturday) and hour (UTC) that had any orders.
-- Sources: pbm_gold.fact_order_lifecycle, pbm_ops.high_water_mark.
-- Parameter: now (UTC). The mean of the same hours of the last four weeks that the batch has whole.

with
    whole_days as (
        select day as day_date
        from
            unnest(
                generate_date_array(
                    date_sub(date(@now), interval 28 day), date_sub(date(@now), interval 1 day)
                )
            ) as day
        cross join pbm_ops.high_water_mark as mark
        where day <= mark.high_water_date
    ),
    first_day as (
        select min(received_date) as first_date
        from pbm_gold.fact_order_lifecycle
        where received_date >= date_sub(date(@now), interval 28 day)
    ),
    days as (
        select
            extract(dayofweek from whole_days.day_date) as weekday,
            count(*) as day_count
        from whole_days
        cross join first_day
        where whole_days.day_date >= first_day.first_date
        group by weekday
    ),
    moments as (
        select received_at as moment_at, 'received' as milestone
        from pbm_gold.fact_order_lifecycle
        where received_at is not null
        union all
        select shipped_at as moment_at, 'shipped' as milestone
        from pbm_gold.fact_order_lifecycle
        where shipped_at is not null
    ),
    counted_hours as (
        select
            extract(dayofweek from moments.moment_at) as weekday,
            extract(hour from moments.moment_at) as hour_of_day,
            countif(moments.milestone = 'received') as received_count,
            countif(moments.milestone = 'shipped') as shipped_count
        from moments
        cross join first_day
        inner join whole_days on whole_days.day_date = date(moments.moment_at)
        where date(moments.moment_at) >= first_day.first_date
        group by weekday, hour_of_day
    )
select
    counted_hours.weekday,
    counted_hours.hour_of_day,
    days.day_count,
    counted_hours.received_count / days.day_count as received_per_hour,
    counted_hours.shipped_count / days.day_count as shipped_per_hour
from counted_hours
inner join days on days.weekday = counted_hours.weekday
order by counted_hours.weekday, counted_hours.hour_of_day;
