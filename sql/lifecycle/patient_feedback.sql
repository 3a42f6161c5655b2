-- Turn a set of events into what patients said: surveys, calls, complaints, joined to their order.
-- Grain: one row per event of feedback.
-- Sources: the relation `events`, distinct by (source, event_id), and the relation `orders` (rows of
-- lifecycle/order_lifecycle.sql), both bound by what includes this file.

with
    effective_events as (
        -- include lifecycle/effective_events.sql
    )
select
    effective_events.event_id,
    effective_events.source,
    effective_events.order_id,
    effective_events.reported_order_id,
    coalesce(effective_events.patient_key, orders.patient_key) as patient_key,
    effective_events.event_type as feedback_type,
    effective_events.event_at as occurred_at,
    effective_events.event_date as occurred_date,
    effective_events.reason,
    effective_events.wait_seconds,
    effective_events.is_abandoned,
    effective_events.nps,
    case
        when effective_events.nps >= 9 then 'promoter'
        when effective_events.nps >= 7 then 'passive'
        when effective_events.nps >= 0 then 'detractor'
    end as nps_category,
    effective_events.csat,
    effective_events.csat >= 4 as is_satisfied,
    orders.pharmacy_id,
    orders.carrier,
    orders.drug_ndc,
    orders.status as order_status,
    orders.is_on_time,
    timestamp_diff(orders.delivered_at, orders.promised_at, microsecond)
    / 3600000000 as delivery_delay_hours,
    coalesce(orders.delivered_at <= effective_events.event_at, false) as is_after_delivery
from effective_events
inner join orders on orders.order_id = effective_events.order_id
where effective_events.event_type in ('survey', 'call', 'complaint', 'excursion_claimed');
