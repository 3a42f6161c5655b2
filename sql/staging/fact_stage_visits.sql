-- The rows of pbm_gold.fact_stage_visits that this build computes anew.
-- Grain: one row per touched order and visit.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by lifecycle/stage_visits.sql.
-- Parameter: order_dates (the partitions that hold the touched orders' events).

create or replace table pbm_staging.fact_stage_visits as
with
    touched_events as (
        -- include lifecycle/touched_events.sql
    ),
    events as (
        select
            event_id,
            source,
            event_type,
            event_at,
            order_id,
            stage,
            stage_order,
            patient_key,
            corrects_id,
            correction_reason
        from touched_events
    ),
    computed as (
        -- include lifecycle/stage_visits.sql
    )
select *
from computed;
