-- Turn a set of events into one row per order: the one statement of what an order's row is.
-- Grain: one row per order that has an event that counts.
-- Sources: the relation `events`, distinct by (source, event_id): of the touched orders' silver
-- (batch), to silver and live (serving) or to what was known at an instant (time machine).
-- The relation `pharmacies`: gold's dimension, in a build the one that it stages.

with
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    milestones as (
        select
            order_id,
            any_value(reported_order_id) as reported_order_id,
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
            any_value(
                reason
                having min
                    if(event_type = 'order_cancelled' and reason is not null, event_number, null)
            ) as cancellation_reason,
            any_value(
                event_type = 'pa_approved'
                having min if(event_type in ('pa_approved', 'pa_denied'), event_number, null)
            ) as is_prior_authorization_first_pass,
            any_value(
                decision = 'approved'
                having min
                    if(event_type = 'appeal_decided' and decision is not null, event_number, null)
            ) as is_appeal_overturned,
            any_value(
                items_packed >= items_expected
                having max
                    if(items_packed is null or items_expected is null, null, event_number)
            ) as is_complete,
            any_value(
                condition = 'intact' having max if(condition is null, null, event_number)
            ) as is_undamaged,
            any_value(
                is_documents_complete
                having max if(is_documents_complete is null, null, event_number)
            ) as is_documented,
            countif(
                pack_type in ('cold', 'frozen') or temperature_class in ('refrigerated', 'frozen')
            ) > 0 as is_cold_chain,
            countif(
                event_type in ('temperature_reading', 'temperature_excursion')
            ) > 0 as is_temperature_monitored,
            coalesce(
                sum(if(event_type = 'temperature_excursion', minutes_outside, 0)), 0
            ) as minutes_outside_range,
            countif(stage is not null)
            > count(distinct if(stage is null, null, event_type)) as has_repeated_activity,
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
    ),
    local_days as (
        select
            milestones.order_id,
            pharmacies.open_days,
            date(milestones.received_at, pharmacies.time_zone) as received_day,
            date(milestones.shipped_at, pharmacies.time_zone) as shipped_day
        from milestones
        inner join pharmacies
            on pharmacies.pharmacy_id = milestones.pharmacy_id and pharmacies.is_latest
        where
            milestones.shipped_at >= milestones.received_at and pharmacies.open_days is not null
    ),
    day_numbers as (
        select
            order_id,
            open_days,
            received_day,
            shipped_day,
            date_diff(received_day, date '2000-01-03', day) as received_number,
            date_diff(shipped_day, date '2000-01-03', day) as shipped_number
        from local_days
    ),
    holidays_between as (
        select day_numbers.order_id, count(*) as holiday_count
        from day_numbers
        inner join pbm_ops.rule_holidays as rule_holidays
            on rule_holidays.holiday_date > day_numbers.received_day
            and rule_holidays.holiday_date <= day_numbers.shipped_day
        where
            substr(
                day_numbers.open_days,
                mod(date_diff(rule_holidays.holiday_date, date '2000-01-03', day), 7) + 1,
                1
            ) = '1'
        group by day_numbers.order_id
    ),
    -- open days of whole weeks since Monday 3 January 2000, and of the week begun, less holidays
    business_days as (
        select
            day_numbers.order_id,
            div(day_numbers.shipped_number, 7) * length(replace(day_numbers.open_days, '0', ''))
            + length(
                replace(
                    substr(day_numbers.open_days, 1, mod(day_numbers.shipped_number, 7) + 1),
                    '0',
                    ''
                )
            )
            - div(day_numbers.received_number, 7)
            * length(replace(day_numbers.open_days, '0', ''))
            - length(
                replace(
                    substr(day_numbers.open_days, 1, mod(day_numbers.received_number, 7) + 1),
                    '0',
                    ''
                )
            )
            - coalesce(holidays_between.holiday_count, 0) as turnaround_business_days
        from day_numbers
        left join holidays_between on holidays_between.order_id = day_numbers.order_id
    )
select
    milestones.order_id,
    milestones.reported_order_id,
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
    milestones.cancellation_reason,
    if(
        milestones.shipped_at >= milestones.received_at,
        timestamp_diff(milestones.shipped_at, milestones.received_at, microsecond) / 3600000000,
        null
    ) as turnaround_hours,
    business_days.turnaround_business_days,
    if(
        milestones.delivered_at >= milestones.shipped_at,
        timestamp_diff(milestones.delivered_at, milestones.shipped_at, microsecond) / 3600000000,
        null
    ) as delivery_hours,
    if(
        milestones.prior_authorization_decided_at >= milestones.prior_authorization_submitted_at,
        timestamp_diff(
            milestones.prior_authorization_decided_at,
            milestones.prior_authorization_submitted_at,
            microsecond
        ) / 3600000000,
        null
    ) as prior_authorization_hours,
    milestones.is_prior_authorization_first_pass,
    milestones.is_appeal_overturned,
    coalesce(milestones.shipped_at < milestones.received_at, false)
    or coalesce(milestones.delivered_at < milestones.shipped_at, false)
    or coalesce(
        milestones.prior_authorization_decided_at < milestones.prior_authorization_submitted_at,
        false
    ) as has_clock_skew,
    milestones.received_at is null as is_orphan,
    milestones.is_clean,
    coalesce(dim_stages.stage = 'CANCELLED', false)
    and milestones.filled_at is null
    and coalesce(milestones.cancellation_reason in ('patient', 'cost'), false) as is_abandoned,
    milestones.delivered_at <= milestones.promised_at as is_on_time,
    milestones.is_complete,
    milestones.is_undamaged,
    milestones.is_documented,
    milestones.is_cold_chain,
    milestones.is_temperature_monitored,
    milestones.minutes_outside_range,
    case
        when not milestones.is_cold_chain then true
        when milestones.is_temperature_monitored then milestones.minutes_outside_range <= 30
    end as is_in_temperature,
    milestones.delivered_at <= milestones.promised_at
    and milestones.is_complete
    and milestones.is_undamaged
    and milestones.is_documented
    and case
        when not milestones.is_cold_chain then true
        when milestones.is_temperature_monitored then milestones.minutes_outside_range <= 30
    end as is_perfect,
    timestamp_add(
        milestones.delivered_at, interval milestones.days_supply day
    ) as covered_until_at,
    milestones.has_repeated_activity,
    milestones.delivery_attempt_count,
    milestones.rework_count,
    milestones.event_count,
    milestones.first_event_at,
    milestones.last_event_at
from milestones
left join current_stages on current_stages.order_id = milestones.order_id
left join pbm_gold.dim_stages as dim_stages on dim_stages.stage = current_stages.stage
left join business_days on business_days.order_id = milestones.order_id;
