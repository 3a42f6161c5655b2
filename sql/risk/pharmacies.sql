-- When the pharmacies are open, for reckoning in their hours.
-- Grain: one row per pharmacy.
-- Sources: pbm_gold.dim_pharmacies, pbm_ops.rule_holidays (holidays: their dates in one text).

with
    holidays as (
        select string_agg(cast(holiday_date as string), ' ' order by holiday_date) as dates
        from pbm_ops.rule_holidays
    )
select
    pharmacies.pharmacy_id,
    pharmacies.time_zone,
    pharmacies.opens_at,
    pharmacies.closes_at,
    pharmacies.open_days,
    coalesce(holidays.dates, '') as holidays
from pbm_gold.dim_pharmacies as pharmacies
cross join holidays
where pharmacies.is_latest
order by pharmacies.pharmacy_id;
