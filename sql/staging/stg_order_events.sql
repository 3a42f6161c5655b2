-- The events that this build adds to silver.
-- Grain: one row per distinct event (source, event_id) whose standing copy is new.
-- Sources: pbm_vault.judged_messages, pbm_staging.superseded_messages,
-- pbm_vault.patient_keys.

create or replace view pbm_staging.stg_order_events as
select
    judged.event_id,
    judged.source,
    judged.event_type,
    judged.event_at,
    judged.event_date,
    judged.order_id,
    judged.stage,
    judged.stage_order,
    judged.message_id,
    judged.publish_time,
    judged.ingested_at,
    judged.known_at,
    judged.schema_version,
    patient_keys.patient_key,
    judged.pharmacy_id,
    judged.drug_ndc,
    judged.carrier,
    judged.priority,
    judged.channel,
    judged.is_reship,
    judged.reason,
    judged.previous_order_id,
    judged.quantity,
    judged.days_supply,
    judged.fill_number,
    judged.need_by_date,
    judged.reject_codes,
    judged.plan_type,
    judged.patient_pay_usd,
    judged.decision,
    judged.items_expected,
    judged.items_packed,
    judged.is_documents_complete,
    judged.station,
    judged.scanner_id,
    judged.lot,
    judged.shift,
    judged.pack_type,
    judged.temperature_class,
    judged.condition,
    judged.service,
    judged.substatus,
    judged.zip3,
    judged.promised_at,
    judged.temperature_celsius,
    judged.minutes_outside,
    judged.wait_seconds,
    judged.is_abandoned,
    judged.nps,
    judged.csat,
    judged.corrects_id,
    judged.correction_reason
from pbm_vault.judged_messages as judged
left join pbm_vault.patient_keys as patient_keys on patient_keys.patient_id = judged.patient_id
where
    judged.reason_code is null
    and judged.message_id not in (select message_id from pbm_staging.superseded_messages);
