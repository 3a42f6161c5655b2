-- Forecasts whose due time has passed: what can be held against what came.
-- Grain: one row per order and day. Sources: pbm_ops.risk_forecasts.
-- Parameters: first_date (of the forecast), now (UTC).

select order_id, forecast_at, due_at, p_forecast, p_rule, model_version
from pbm_ops.risk_forecasts
where forecast_date >= @first_date and due_at <= @now;
