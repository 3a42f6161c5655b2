-- The events that this build adds to silver: of several copies the least (known_at, message_id).
-- Grain: one row per distinct event (source, event_id) whose standing copy is new.
-- Sources: pbm_staging.judged_messages, pbm_silver.stg_order_events.

create or replace table pbm_staging.stg_order_events as
with
    accepted as (
        select *
        from pbm_staging.judged_messages
        where reason_code is null
        qualify
            row_number() over (partition by source, event_id order by known_at, message_id) = 1
    )
select
    accepted.event_id,
    accepted.source,
    accepted.event_type,
    accepted.event_at,
    accepted.event_date,
    accepted.order_id,
    accepted.stage,
    accepted.stage_order,
    accepted.message_id,
    accepted.publish_time,
    accepted.ingested_at,
    accepted.known_at,
    accepted.schema_version,
    accepted.patient_key,
    accepted.pharmacy_id,
    accepted.drug_ndc,
    accepted.carrier,
    accepted.priority,
    accepted.channel,
    accepted.is_reship,
    accepted.reason,
    accepted.previous_order_id,
    accepted.quantity,
    accepted.days_supply,
    accepted.fill_number,
    accepted.need_by_date,
    accepted.reject_codes,
    accepted.plan_type,
    accepted.patient_pay_usd,
    accepted.decision,
    accepted.items_expected,
    accepted.items_packed,
    accepted.is_documents_complete,
    accepted.station,
    accepted.scanner_id,
    accepted.lot,
    accepted.shift,
    accepted.pack_type,
    accepted.temperature_class,
    accepted.condition,
    accepted.service,
    accepted.substatus,
    accepted.zip3,
    accepted.promised_at,
    accepted.temperature_celsius,
    accepted.minutes_outside,
    accepted.wait_seconds,
    accepted.is_abandoned,
    accepted.nps,
    accepted.csat,
    accepted.corrects_id,
    accepted.correction_reason
from accepted
left join pbm_silver.stg_order_events as standing
    on standing.source = accepted.source and standing.event_id = accepted.event_id
where
    standing.event_id is null
    or accepted.known_at < standing.known_at
    or (accepted.known_at = standing.known_at and accepted.message_id < standing.message_id);
