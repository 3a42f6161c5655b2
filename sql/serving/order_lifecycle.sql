-- Each order as it stands now: gold where nothing newer is known, recomputed where live knows more.
-- Grain: one row per order.
-- Sources: pbm_gold.fact_order_lifecycle, pbm_silver.stg_order_events, pbm_live.order_events,
-- pbm_ops.tombstones: what was erased is not shown, even if it comes in again.
-- Live means: not in silver as committed. The anti-join is by event key and copy, never by a clock.

create or replace view pbm_serving.order_lifecycle as
with
    erased as (
        select kind, value
        from pbm_ops.tombstones
    ),
    copies as (
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
            correction_reason,
            known_at,
            message_id,
            ingested_at
        from pbm_live.order_events
    ),
    live_events as (
        -- include lifecycle/known_events.sql
    ),
    pending_events as (
        select
            live_events.*,
            standing.order_id as displaced_order_id
        from live_events
        left join pbm_silver.stg_order_events as standing
            on standing.source = live_events.source and standing.event_id = live_events.event_id
        where
            standing.event_id is null
            or live_events.known_at < standing.known_at
            or (
                live_events.known_at = standing.known_at
                and live_events.message_id < standing.message_id
            )
    ),
    touched_orders as (
        select order_id
        from pending_events
        union distinct
        select displaced_order_id as order_id
        from pending_events
        where displaced_order_id is not null
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
        from pending_events
        union all
        select
            standing.event_id,
            standing.source,
            standing.event_type,
            standing.event_at,
            standing.order_id,
            standing.stage,
            standing.stage_order,
            standing.patient_key,
            standing.pharmacy_id,
            standing.drug_ndc,
            standing.carrier,
            standing.priority,
            standing.is_reship,
            standing.reason,
            standing.previous_order_id,
            standing.days_supply,
            standing.fill_number,
            standing.decision,
            standing.items_expected,
            standing.items_packed,
            standing.is_documents_complete,
            standing.pack_type,
            standing.temperature_class,
            standing.condition,
            standing.promised_at,
            standing.minutes_outside,
            standing.corrects_id,
            standing.correction_reason
        from pbm_silver.stg_order_events as standing
        inner join touched_orders on touched_orders.order_id = standing.order_id
        left join pending_events
            on pending_events.source = standing.source
            and pending_events.event_id = standing.event_id
        where pending_events.event_id is null
    ),
    pharmacies as (
        select *
        from pbm_gold.dim_pharmacies
    ),
    recomputed as (
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
from recomputed
union all
select
    fact.order_id,
    fact.reported_order_id,
    fact.patient_key,
    fact.drug_ndc,
    fact.pharmacy_id,
    fact.carrier,
    fact.priority,
    fact.days_supply,
    fact.fill_number,
    fact.is_reship,
    fact.previous_order_id,
    fact.received_at,
    fact.received_date,
    fact.intake_completed_at,
    fact.benefits_completed_at,
    fact.prior_authorization_submitted_at,
    fact.prior_authorization_decided_at,
    fact.clinical_verified_at,
    fact.filled_at,
    fact.packed_at,
    fact.shipped_at,
    fact.delivered_at,
    fact.cancelled_at,
    fact.promised_at,
    fact.stage,
    fact.stage_entered_at,
    fact.sla_due_at,
    fact.status,
    fact.cancellation_reason,
    fact.turnaround_hours,
    fact.turnaround_business_days,
    fact.delivery_hours,
    fact.prior_authorization_hours,
    fact.is_prior_authorization_first_pass,
    fact.is_appeal_overturned,
    fact.has_clock_skew,
    fact.is_orphan,
    fact.is_clean,
    fact.is_abandoned,
    fact.is_on_time,
    fact.is_complete,
    fact.is_undamaged,
    fact.is_documented,
    fact.is_cold_chain,
    fact.is_temperature_monitored,
    fact.minutes_outside_range,
    fact.is_in_temperature,
    fact.is_perfect,
    fact.covered_until_at,
    fact.has_repeated_activity,
    fact.delivery_attempt_count,
    fact.rework_count,
    fact.event_count,
    fact.first_event_at,
    fact.last_event_at
from pbm_gold.fact_order_lifecycle as fact
left join touched_orders on touched_orders.order_id = fact.reported_order_id
where
    touched_orders.order_id is null
    and fact.reported_order_id not in (select value from erased where kind = 'order_id')
    and coalesce(fact.patient_key, '') not in (
        select value from erased where kind = 'patient_key'
    );
