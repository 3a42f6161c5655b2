-- Each order as it was known at an instant: the time machine.
-- Grain: one row per order known by then.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.
-- Parameter: as_of (UTC); an event counts where known_at <= as_of.

create or replace table function pbm_serving.order_lifecycle_as_of(as_of timestamp) as
with
    known_events as (
        select
            event_id,
            source,
            event_type,
            event_at,
            event_date,
            order_id,
            stage,
            stage_order,
            message_id,
            publish_time,
            ingested_at,
            known_at,
            schema_version,
            patient_key,
            pharmacy_id,
            drug_ndc,
            carrier,
            priority,
            channel,
            is_reship,
            reason,
            previous_order_id,
            quantity,
            days_supply,
            fill_number,
            need_by_date,
            reject_codes,
            plan_type,
            patient_pay_usd,
            decision,
            items_expected,
            items_packed,
            is_documents_complete,
            station,
            scanner_id,
            lot,
            shift,
            pack_type,
            temperature_class,
            condition,
            service,
            substatus,
            zip3,
            promised_at,
            temperature_celsius,
            minutes_outside,
            wait_seconds,
            is_abandoned,
            nps,
            csat,
            corrects_id,
            correction_reason
        from pbm_silver.stg_order_events
        where known_at <= as_of
        union all
        select
            event_id,
            source,
            event_type,
            event_at,
            event_date,
            order_id,
            stage,
            stage_order,
            message_id,
            publish_time,
            ingested_at,
            known_at,
            schema_version,
            patient_key,
            pharmacy_id,
            drug_ndc,
            carrier,
            priority,
            channel,
            is_reship,
            reason,
            previous_order_id,
            quantity,
            days_supply,
            fill_number,
            need_by_date,
            reject_codes,
            plan_type,
            patient_pay_usd,
            decision,
            items_expected,
            items_packed,
            is_documents_complete,
            station,
            scanner_id,
            lot,
            shift,
            pack_type,
            temperature_class,
            condition,
            service,
            substatus,
            zip3,
            promised_at,
            temperature_celsius,
            minutes_outside,
            wait_seconds,
            is_abandoned,
            nps,
            csat,
            corrects_id,
            correction_reason
        from pbm_live.order_events
        where known_at <= as_of
    ),
    erased as (
        select kind, value
        from pbm_ops.tombstones
    ),
    events as (
        select *
        from known_events
        where
            order_id not in (select value from erased where kind = 'order_id')
            and coalesce(patient_key, '') not in (
                select value from erased where kind = 'patient_key'
            )
            and concat(source, '/', event_id) not in (
                select value from erased where kind = 'event'
            )
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
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
