-- The rows of pbm_gold.fact_patient_feedback that this build computes anew.
-- Grain: one row per event of feedback of a touched order.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by
-- lifecycle/patient_feedback.sql; pbm_staging.fact_order_lifecycle.
-- Parameter: order_dates (the partitions that hold the touched orders' events).

create or replace table pbm_staging.fact_patient_feedback as
with
    touched_events as (
        -- include lifecycle/touched_events.sql
    ),
    orders_with_feedback as (
        select distinct order_id
        from touched_events
        where event_type in ('survey', 'call', 'complaint', 'excursion_claimed')
    ),
    events as (
        select
            touched_events.event_id,
            touched_events.source,
            touched_events.event_type,
            touched_events.event_at,
            touched_events.event_date,
            touched_events.order_id,
            touched_events.stage_order,
            touched_events.patient_key,
            touched_events.reason,
            touched_events.wait_seconds,
            touched_events.is_abandoned,
            touched_events.nps,
            touched_events.csat,
            touched_events.corrects_id,
            touched_events.correction_reason
        from touched_events
        inner join orders_with_feedback
            on orders_with_feedback.order_id = touched_events.order_id
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
