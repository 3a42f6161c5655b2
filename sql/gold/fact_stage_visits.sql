-- Each stay of an order in a stage, for ageing and the process view.
-- Grain: one row per order and stage entry (an unbroken run of events of one stage).
-- Sources: pbm_silver.stg_order_events by lifecycle/stage_visits.sql. Partition: entered_date,
-- cluster: stage. Freshness: each build.

create table if not exists pbm_gold.fact_stage_visits (
    order_id string not null options (description = 'Order'),
    reported_order_id string not null options (description = 'Order id as the sources report it'),
    visit_number int64 not null options (description = '1 for the first stage that it entered'),
    stage string not null options (description = 'Stage entered'),
    previous_stage string options (description = 'Stage it came from; null for the first'),
    next_stage string options (description = 'Stage it went to; null for the last'),
    entered_at timestamp not null options (description = 'First event of the visit, UTC'),
    entered_date date not null options (description = 'UTC date of entered_at; partition'),
    left_at timestamp options (description = 'First event of the next visit, UTC; null if last'),
    wait_hours float64 options (description = 'left_at minus entered_at, hours; null if last'),
    is_breached bool options (
        description = 'Lasted longer than the stage allows; null while open or where terminal'
    ),
    stage_visit_number int64 not null options (
        description = '1 for the first visit of this stage, greater for rework'
    ),
    is_first_pass bool options (
        description = 'Left forward and never entered again; null while open'
    ),
    is_allowed bool not null options (
        description = 'True where the transition into it is an allowed one'
    )
)
partition by entered_date
cluster by stage
options (description = 'One row per stage visit of an order');
