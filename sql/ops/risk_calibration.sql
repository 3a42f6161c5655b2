-- How honest the forecasts of each week turned out.
-- Grain: one row per week of due times and model.
-- Sources: pbm_ops.risk_forecasts, risk/outcomes.sql by lib/pbm360/risk. Freshness: each watch.

create table if not exists pbm_ops.risk_calibration (
    week_start_date date not null options (description = 'Monday of the due times, UTC'),
    model_version string not null options (description = 'Forecast'),
    forecast_count int64 not null options (description = 'Forecasts whose due time has passed'),
    mean_chance float64 not null options (description = 'Mean of the chances, 0 to 1'),
    observed_share float64 not null options (description = 'Share that missed the SLA, 0 to 1'),
    calibration_error float64 not null options (
        description = 'Mean distance of chance and share over ten classes, 0 to 1'
    ),
    brier float64 not null options (description = 'Mean squared error of the chances'),
    rule_brier float64 not null options (description = 'The same of the rule'),
    is_drifted bool not null options (
        description = 'True where it is not calibrated any more, or worse than the rule'
    ),
    measured_at timestamp not null options (description = 'UTC')
)
options (description = 'One row per week and model: calibration of the forecasts');
