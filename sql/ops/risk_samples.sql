-- What the forecast has learnt from, which is all that it is: open orders at past instants, without
-- their names, each by its cell and with the hours that it still took.
-- Grain: one row per model, instant and order that was open then.
-- Sources: risk/features_at_instants.sql, risk/outcomes.sql by lib/pbm360/risk.
-- Freshness: each training.

create table if not exists pbm_ops.risk_samples (
    model_version string not null options (description = 'Forecast that has learnt from it'),
    trained_until timestamp not null options (description = 'Nothing known later was used, UTC'),
    stage int64 not null options (description = 'Stage, by its order in dim_stages'),
    kind int64 not null options (description = '0 first fill, 1 refill, 2 reship'),
    path int64 not null options (
        description = '0 begun, 1 authorization asked, 2 decided, 3 insurance cleared'
    ),
    age_days int64 not null options (description = 'Class of the days in the stage'),
    age int64 not null options (description = 'Class of the hours in the stage'),
    elapsed int64 not null options (
        description = 'Class of the days since the referral; 99 where promised'
    ),
    urgent int64 not null options (description = '1 where urgent'),
    queue int64 not null options (description = 'Class of the days of work ahead in the stage'),
    day_part int64 not null options (description = 'Part of the day at the pharmacy'),
    weekday int64 not null options (description = '0 Monday to Wednesday, 1 Thursday to 4 Sunday'),
    promise int64 not null options (description = 'Class of the hours to the promise; 99 if none'),
    carrier int64 not null options (description = 'Carrier by number; 255 where none'),
    attempts int64 not null options (description = 'Delivery attempts, 9 or more as 9'),
    dock_hours float64 options (
        description = 'Opening hours until it left; 90000 if never, null if it had left before'
    ),
    door_hours float64 options (
        description = 'Hours of delivery rounds to the door; 90000 if never, null if not told'
    ),
    is_promise_missed float64 options (description = '1 where it came after its promise'),
    age_hours float64 not null options (description = 'Hours in the stage'),
    slack_clock_hours float64 options (description = 'Hours of the clock until due'),
    is_over_sla float64 not null options (description = '1 where older than the stage allows'),
    stage_to_dock_hours float64 options (
        description = 'Hours of the clock from entering the stage to leaving the pharmacy'
    ),
    is_missed float64 options (description = '1 where it was in the pharmacy past its due time')
)
options (description = 'One row per past order and instant that the forecast learnt from');
