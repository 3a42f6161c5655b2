-- Turn a set of events into one row per order: the one statement of what an order's row is.
-- Grain: one row per order that has an event that counts.
-- Sources: the relation `events`, distinct by (source, event_id): of the touched orders' silver
-- (batch), to silver and live (serving) or to what was known at an instant (time machine).

with
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    milestones as (
        select
            order_id,
            any_value(
                patient_key having min if(patient_key is null, null, event_number)
            ) as patient_key,
            any_value(drug_ndc having min if(drug_ndc is null, null, event_number)) as drug_ndc,
            any_value(
                pharmacy_id having min if(pharmacy_id is null, null, event_number)
            ) as pharmacy_id,
            any_value(carrier having max if(carrier is null, null, event_number)) as carrier,
            any_value(priority having min if(priority is null, null, event_number)) as priority,
            any_value(
                days_supply having min if(days_supply is null, null, event_number)
            ) as days_supply,
            any_value(
                fill_number having min if(fill_number is null, null, event_number)
            ) as fill_number,
            any_value(is_reship having min if(is_reship is null, null, event_number)) as is_reship,
            any_value(
                previous_order_id having min if(previous_order_id is null, null, event_number)
            ) as previous_order_id,
            any_value(
                promised_at having max if(promised_at is null, null, event_number)
            ) as promised_at,
            min(if(event_type = 'referral_received', event_at, null)) as received_at,
            min(if(event_type = 'intake_completed', event_at, null)) as intake_completed_at,
            min(if(event_type = 'benefits_completed', event_at, null)) as benefits_completed_at,
            min(
                if(event_type = 'pa_submitted', event_at, null)
            ) as prior_authorization_submitted_at,
            min(
                if(event_type in ('pa_approved', 'pa_denied'), event_at, null)
            ) as prior_authorization_decided_at,
            min(if(event_type = 'clinical_verified', event_at, null)) as clinical_verified_at,
            min(if(event_type = 'filled', event_at, null)) as filled_at,
            min(if(event_type = 'packed', event_at, null)) as packed_at,
            min(if(event_type = 'shipped', event_at, null)) as shipped_at,
            min(if(event_type = 'delivered', event_at, null)) as delivered_at,
            min(if(stage = 'CANCELLED', event_at, null)) as cancelled_at,
            countif(
                event_type in ('info_requested', 'pa_submitted', 'claim_rejected', 'qa_failed')
            ) = 0 as is_clean,
            countif(event_type in ('attempt_failed', 'delivered')) as delivery_attempt_count,
            countif(event_type = 'qa_failed') as rework_count,
            count(*) as event_count,
            min(event_at) as first_event_at,
            max(event_at) as last_event_at,
            -- a terminal event outdoes all others; a cancellation only where nothing else ended it
            max(
                case
                    when stage in ('DELIVERED', 'RETURNED', 'LOST') then 3
                    when stage = 'CANCELLED' then 2
                    when stage is not null then 1
                end
            ) as deciding_rank
        from effective_events
        group by order_id
    ),
    deciding_events as (
        select
            effective_events.order_id,
            effective_events.stage,
            effective_events.event_at,
            effective_events.event_number,
            lag(effective_events.stage) over (
                partition by effective_events.order_id
                order by effective_events.event_number
            ) as previous_stage
        from effective_events
        inner join milestones on milestones.order_id = effective_events.order_id
        where
            case
                when effective_events.stage in ('DELIVERED', 'RETURNED', 'LOST') then 3
                when effective_events.stage = 'CANCELLED' then 2
                when effective_events.stage is not null then 1
            end = milestones.deciding_rank
    ),
    current_stages as (
        select
            order_id,
            any_value(stage having max event_number) as stage,
            any_value(
                event_at
                having max if(previous_stage is null or previous_stage != stage, event_number, null)
            ) as stage_entered_at
        from deciding_events
        group by order_id
    )
select
    milestones.order_id,
    milestones.patient_key,
    milestones.drug_ndc,
    milestones.pharmacy_id,
    milestones.carrier,
    milestones.priority,
    milestones.days_supply,
    milestones.fill_number,
    milestones.is_reship,
    milestones.previous_order_id,
    milestones.received_at,
    date(coalesce(milestones.received_at, milestones.first_event_at)) as received_date,
    milestones.intake_completed_at,
    milestones.benefits_completed_at,
    milestones.prior_authorization_submitted_at,
    milestones.prior_authorization_decided_at,
    milestones.clinical_verified_at,
    milestones.filled_at,
    milestones.packed_at,
    milestones.shipped_at,
    milestones.delivered_at,
    milestones.cancelled_at,
    milestones.promised_at,
    current_stages.stage,
    current_stages.stage_entered_at,
    timestamp_add(
        current_stages.stage_entered_at,
        interval cast(dim_stages.sla_hours * 60 as int64) minute
    ) as sla_due_at,
    case
        when dim_stages.is_terminal then lower(current_stages.stage)
        else 'open'
    end as status,
    if(
        milestones.shipped_at >= milestones.received_at,
        timestamp_diff(milestones.shipped_at, milestones.received_at, microsecond) / 3600000000,
        null
    ) as turnaround_hours,
    if(
        milestones.delivered_at >= milestones.shipped_at,
        timestamp_diff(milestones.delivered_at, milestones.shipped_at, microsecond) / 3600000000,
        null
    ) as delivery_hours,
    coalesce(milestones.shipped_at < milestones.received_at, false)
    or coalesce(milestones.delivered_at < milestones.shipped_at, false) as has_clock_skew,
    milestones.is_clean,
    milestones.delivered_at <= milestones.promised_at as is_on_time,
    milestones.delivery_attempt_count,
    milestones.rework_count,
    milestones.event_count,
    milestones.first_event_at,
    milestones.last_event_at
from milestones
left join current_stages on current_stages.order_id = milestones.order_id
left join pbm_gold.dim_stages as dim_stages on dim_stages.stage = current_stages.stage;
