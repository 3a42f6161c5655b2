-- What a trial of another model learns from and is tried on: open orders at past instants, without
-- their names, and whether each missed its SLA. Replaced by each trial.
-- Grain: one row per instant and order that was open then.
-- Sources: risk/features_at_instants.sql, risk/outcomes.sql by lib/pbm360/risk/boosted.py.
-- Freshness: each `pbm360 risk backtest --boosted`.

create table if not exists pbm_ops.risk_trials (
    part string not null options (description = 'learnt or tried; tried is later'),
    stage int64 not null options (description = 'Stage, by its order in dim_stages'),
    kind int64 not null options (description = '0 first fill, 1 refill, 2 reship'),
    path int64 not null options (
        description = '0 begun, 1 authorization asked, 2 decided, 3 insurance cleared'
    ),
    urgent int64 not null options (description = '1 where urgent'),
    queue int64 not null options (description = 'Class of the days of work ahead in the stage'),
    day_part int64 not null options (description = 'Part of the day at the pharmacy'),
    weekday int64 not null options (description = '0 Monday to Wednesday, 1 Thursday to 4 Sunday'),
    age_hours float64 not null options (description = 'Hours in the stage'),
    slack_clock_hours float64 not null options (description = 'Hours of the clock until due'),
    is_missed int64 not null options (description = '1 where it was in the pharmacy past its due time')
)
options (description = 'One row per past order and instant of the newest trial of a model');
