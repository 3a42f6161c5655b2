-- All events of the orders that this build touches, as they will stand once it is published.
-- Grain: one row per distinct event (source, event_id) of a touched order.
-- Sources: pbm_staging.stg_order_events, pbm_staging.touched_orders,
-- pbm_staging.displaced_events, pbm_silver.stg_order_events.
-- Parameter: order_dates (the partitions that hold the touched orders' events).
-- Of silver's columns those that the lifecycle's queries read: a sort by order carries them all.

select
    event_id,
    source,
    event_type,
    event_at,
    event_date,
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
    wait_seconds,
    is_abandoned,
    nps,
    csat,
    corrects_id,
    correction_reason
from pbm_staging.stg_order_events
union all
select
    standing.event_id,
    standing.source,
    standing.event_type,
    standing.event_at,
    standing.event_date,
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
    standing.wait_seconds,
    standing.is_abandoned,
    standing.nps,
    standing.csat,
    standing.corrects_id,
    standing.correction_reason
from pbm_silver.stg_order_events as standing
inner join pbm_staging.touched_orders as touched on touched.order_id = standing.order_id
left join pbm_staging.displaced_events as displaced on displaced.message_id = standing.message_id
where standing.event_date in unnest(@order_dates) and displaced.message_id is null;
