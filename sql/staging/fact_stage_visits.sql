-- The rows of pbm_gold.fact_stage_visits that this build computes anew.
-- Grain: one row per touched order and visit.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by lifecycle/stage_visits.sql.

create or replace table pbm_staging.fact_stage_visits as
with
    events as (
        -- include lifecycle/touched_events.sql
    ),
    computed as (
        -- include lifecycle/stage_visits.sql
    )
select *
from computed;
