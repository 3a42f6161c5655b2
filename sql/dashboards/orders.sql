-- What the Command Center knows of each order: where it stands, how long, and how late.
-- Grain: one row per order that is open or had an event in the last @history_days days.
-- Sources: pbm_serving.order_lifecycle, pbm_gold.dim_stages, dim_pharmacies, dim_drugs.
-- Parameters: now (UTC), the moment that ages are counted to; history_days; at_risk_share, the share
-- of the allowed time after which an order is at risk. Breached: older than the stage allows.

with
    orders as (
        select
            *,
            if(
                status = 'open',
                timestamp_diff(@now, stage_entered_at, microsecond) / 3600000000,
                null
            ) as age_hours,
            timestamp_diff(sla_due_at, stage_entered_at, microsecond) / 3600000000 as sla_hours
        from pbm_serving.order_lifecycle
        where
            status = 'open'
            or last_event_at >= timestamp_sub(@now, interval @history_days day)
    )
select
    orders.order_id,
    orders.pharmacy_id,
    coalesce(pharmacies.name, orders.pharmacy_id) as pharmacy,
    orders.carrier,
    coalesce(drugs.name, orders.drug_ndc) as drug,
    drugs.therapy,
    drugs.temperature_class,
    orders.priority,
    orders.status,
    orders.stage,
    coalesce(stages.label, 'No stage yet') as stage_label,
    orders.stage_entered_at,
    orders.received_at,
    orders.shipped_at,
    orders.delivered_at,
    orders.cancelled_at,
    orders.promised_at,
    orders.sla_due_at,
    orders.last_event_at,
    orders.is_on_time,
    orders.is_cold_chain,
    orders.is_temperature_monitored,
    orders.minutes_outside_range,
    orders.is_in_temperature,
    orders.delivery_attempt_count,
    orders.age_hours,
    orders.sla_hours,
    orders.sla_hours - orders.age_hours as hours_to_breach,
    case
        when orders.status != 'open' then null
        when orders.age_hours is null or orders.sla_hours is null then 'untimed'
        when orders.age_hours > orders.sla_hours then 'breached'
        when orders.age_hours > @at_risk_share * orders.sla_hours then 'at_risk'
        else 'on_track'
    end as risk
from orders
left join pbm_gold.dim_stages as stages on stages.stage = orders.stage
left join pbm_gold.dim_pharmacies as pharmacies
    on pharmacies.pharmacy_id = orders.pharmacy_id and pharmacies.is_latest
left join pbm_gold.dim_drugs as drugs
    on drugs.drug_ndc = orders.drug_ndc and drugs.is_latest;
