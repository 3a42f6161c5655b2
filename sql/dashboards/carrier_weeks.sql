-- How each carrier kept its promises, week by week.
-- Grain: one row per carrier and ISO week (Monday's date, UTC) of the last @week_count whole weeks.
-- Sources: pbm_gold.fact_order_lifecycle. Parameters: now (UTC), week_count.

select
    carrier,
    date_trunc(date(delivered_at), isoweek) as week_date,
    count(*) as order_count,
    countif(is_on_time) as on_time_count
from pbm_gold.fact_order_lifecycle
where
    status = 'delivered'
    and is_on_time is not null
    and carrier is not null
    and date(delivered_at) < date_trunc(date(@now), isoweek)
    and date(delivered_at)
    >= date_sub(date_trunc(date(@now), isoweek), interval @week_count week)
group by carrier, week_date
order by carrier, week_date;
