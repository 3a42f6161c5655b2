-- The stages of an order, from the domain's data file.
-- Grain: one row per stage.
-- Sources: lib/pbm360/domain/data/stages.csv. Freshness: each build.

create table if not exists pbm_gold.dim_stages (
    stage string not null options (description = 'Stage'),
    stage_order int64 not null options (description = 'Place in the process; breaks ties'),
    label string not null options (description = 'Name for people'),
    sla_hours float64 options (description = 'Hours allowed in the stage; null where terminal'),
    is_terminal bool not null options (description = 'True where the order ends in it')
)
options (description = 'One row per stage');
