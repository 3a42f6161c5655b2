-- What was forecast of orders day by day, kept to be held against what came.
-- Grain: one row per order and UTC date, the first forecast of that date.
-- Sources: pbm_ops.risk_scores by lib/pbm360/risk. Partition: forecast_date.

create table if not exists pbm_ops.risk_forecasts (
    forecast_date date not null options (description = 'UTC date of forecast_at; partition'),
    order_id string not null options (description = 'Order'),
    forecast_at timestamp not null options (description = 'Instant of the forecast, UTC'),
    due_at timestamp not null options (description = 'End of the SLA as forecast, UTC'),
    p_forecast float64 not null options (description = 'Chance of missing the SLA by the model'),
    p_rule float64 not null options (description = 'The same by the rule it would fall back to'),
    model_version string not null options (description = 'Forecast')
)
partition by forecast_date
options (description = 'One row per order and day: the forecast made then');
