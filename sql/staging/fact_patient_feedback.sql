-- The rows of pbm_gold.fact_patient_feedback that this build computes anew.
-- Grain: one row per event of feedback of a touched order.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by
-- lifecycle/patient_feedback.sql; pbm_staging.fact_order_lifecycle.

create or replace table pbm_staging.fact_patient_feedback as
with
    events as (
        -- include lifecycle/touched_events.sql
    ),
    orders as (
        select *
        from pbm_staging.fact_order_lifecycle
    ),
    computed as (
        -- include lifecycle/patient_feedback.sql
    )
select *
from computed;
