-- The days that reports count by, from the first order to the newest batch.
-- Grain: one row per day (UTC).
-- Sources: pbm_gold.fact_order_lifecycle, pbm_ops.high_water_mark.

create or replace view pbm_reporting.dates (
    report_date options (description = 'Day, UTC'),
    week_date options (description = 'Monday of the ISO week, UTC'),
    month_date options (description = 'First day of the month, UTC'),
    iso_week options (description = 'ISO year and week, e.g. 2026-W47'),
    weekday_number options (description = '1 Monday to 7 Sunday'),
    weekday_name options (description = 'Monday to Sunday'),
    is_weekend options (description = 'Saturday or Sunday'),
    is_whole_week options (description = 'True where the batch has every day of the week')
)
options (description = 'One row per day: the date dimension of the reports')
as
with
    span as (
        select
            min(orders.received_date) as first_date,
            max(mark.high_water_date) as last_date
        from pbm_gold.fact_order_lifecycle as orders
        cross join pbm_ops.high_water_mark as mark
    ),
    days as (
        select day as report_date, span.last_date
        from span
        cross join unnest(generate_date_array(span.first_date, span.last_date)) as day
    )
select
    report_date,
    date_trunc(report_date, isoweek) as week_date,
    date_trunc(report_date, month) as month_date,
    format_date('%G-W%V', report_date) as iso_week,
    1 + mod(extract(dayofweek from report_date) + 5, 7) as weekday_number,
    case extract(dayofweek from report_date)
        when 1 then 'Sunday'
        when 2 then 'Monday'
        when 3 then 'Tuesday'
        when 4 then 'Wednesday'
        when 5 then 'Thursday'
        when 6 then 'Friday'
        else 'Saturday'
    end as weekday_name,
    extract(dayofweek from report_date) in (1, 7) as is_weekend,
    date_add(date_trunc(report_date, isoweek), interval 6 day) <= last_date as is_whole_week
from days;
