-- The rows of pbm_gold.fact_order_lifecycle that this build computes anew.
-- Grain: one row per touched order.
-- Sources: the touched orders' events (lifecycle/touched_events.sql) by
-- lifecycle/order_lifecycle.sql.
-- Parameter: order_dates (the partitions that hold the touched orders' events).

create or replace table pbm_staging.fact_order_lifecycle as
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
            pharmacy_id,
            drug_ndc,
            carrier,
            priority,
            is_reship,
            reason,
            previous_order_id,
            days_supply,
            fill_number,
            decision,
            items_expected,
            items_packed,
            is_documents_complete,
            pack_type,
            temperature_class,
            condition,
            promised_at,
            minutes_outside,
            corrects_id,
            correction_reason
        from touched_events
    ),
    pharmacies as (
        select *
        from pbm_staging.dim_pharmacies
    ),
    computed as (
        -- include lifecycle/order_lifecycle.sql
    )
select *
from computed;
