-- The days of which forecasts are kept, from a day on.
-- Grain: one row per day. Sources: pbm_ops.risk_forecasts. Parameter: first_date.

select forecast_date, count(*) as forecast_count
from pbm_ops.risk_forecasts
where forecast_date >= @first_date
group by forecast_date
order by forecast_date;
