-- Each order as it was known at an instant: the time machine.
-- Grain: one row per order known by then.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.
-- Parameter: as_of (UTC); an event counts where known_at <= as_of.

create or replace table function pbm_serving.order_lifecycle_as_of(as_of timestamp) as
with
    all_copies as (
        -- include lifecycle/copies.sql
    ),
    copies as (
        select *
        from all_copies
        where known_at <= as_of
    ),
    events as (
        -- include lifecycle/known_events.sql
    ),
    pharmacies as (
        select *
        from pbm_gold.dim_pharmacies
    ),
    computed as (
        -- include lifecycle/order_lifecycle.sql
    )
select
    order_id,
    reported_order_id,
    patient_key,
    drug_ndc,
    pharmacy_id,
    carrier,
    priority,
    days_supply,
    fill_number,
    is_reship,
    previous_order_id,
    received_at,
    received_date,
    intake_completed_at,
    benefits_completed_at,
    prior_authorization_submitted_at,
    prior_authorization_decided_at,
    clinical_verified_at,
    filled_at,
    packed_at,
    shipped_at,
    delivered_at,
    cancelled_at,
    promised_at,
    stage,
    stage_entered_at,
    sla_due_at,
    status,
    cancellation_reason,
    turnaround_hours,
    turnaround_business_days,
    delivery_hours,
    prior_authorization_hours,
    is_prior_authorization_first_pass,
    is_appeal_overturned,
    has_clock_skew,
    is_orphan,
    is_clean,
    is_abandoned,
    is_on_time,
    is_complete,
    is_undamaged,
    is_documented,
    is_cold_chain,
    is_temperature_monitored,
    minutes_outside_range,
    is_in_temperature,
    is_perfect,
    covered_until_at,
    has_repeated_activity,
    delivery_attempt_count,
    rework_count,
    event_count,
    first_event_at,
    last_event_at
from computed;
