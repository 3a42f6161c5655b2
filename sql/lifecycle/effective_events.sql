-- The events that count, of a set of events: corrections applied, reused order ids told apart.
-- Grain: one row per event that counts, numbered within the order that was reported.
-- Sources: the relation `events`, distinct by (source, event_id), bound by what includes this file.
-- A did_not_occur correction takes away the event that it names (same order, same source) and does
-- not count itself; an incorrect_data correction takes its place (EPCIS 2.0, error declaration).
-- An order id is reused where a referral names another patient than the referral before it: there
-- another order begins. Its id is the reported one and ` (2)`, ` (3)` ..., which no source can send.
-- An event that names a patient belongs to the patient's order (the last begun by then, else the
-- first), another one to the order last begun by then.

with
    counted_events as (
        select
            events.*,
            row_number() over (
                partition by events.order_id
                order by
                    events.event_at,
                    events.stage_order nulls last,
                    events.source,
                    events.event_id
            ) as event_number
        from events
        left join (
            select distinct order_id, source, corrects_id
            from events
            where corrects_id is not null
        ) as corrections
            on corrections.order_id = events.order_id
            and corrections.source = events.source
            and corrections.corrects_id = events.event_id
        where
            corrections.corrects_id is null
            and coalesce(events.correction_reason, '') != 'did_not_occur'
    ),
    referrals as (
        select
            order_id,
            patient_key,
            event_number,
            lag(patient_key) over (
                partition by order_id order by event_number
            ) as previous_patient_key
        from counted_events
        where event_type = 'referral_received' and patient_key is not null
    ),
    later_orders as (
        select
            order_id,
            patient_key,
            event_number as first_event_number,
            1 + row_number() over (partition by order_id order by event_number) as use_number
        from referrals
        where previous_patient_key != patient_key
    ),
    orders as (
        select order_id, patient_key, first_event_number, use_number
        from later_orders
        union all
        select
            referrals.order_id,
            referrals.patient_key,
            0 as first_event_number,
            1 as use_number
        from referrals
        inner join later_orders
            on later_orders.order_id = referrals.order_id and later_orders.use_number = 2
        where referrals.previous_patient_key is null
    ),
    placed_events as (
        select
            counted_events.order_id,
            counted_events.event_number,
            any_value(
                orders.use_number
                having max
                    case
                        when
                            orders.patient_key = counted_events.patient_key
                            and orders.first_event_number <= counted_events.event_number
                            then 2000000 + orders.use_number
                        when orders.patient_key = counted_events.patient_key
                            then 1000000 - orders.use_number
                        when orders.first_event_number <= counted_events.event_number
                            then orders.use_number
                    end
            ) as use_number
        from counted_events
        inner join orders on orders.order_id = counted_events.order_id
        group by counted_events.order_id, counted_events.event_number
    )
select
    counted_events.* replace (
        if(
            placed_events.use_number > 1,
            concat(
                counted_events.order_id, ' (', cast(placed_events.use_number as string), ')'
            ),
            counted_events.order_id
        ) as order_id
    ),
    counted_events.order_id as reported_order_id
from counted_events
left join placed_events
    on placed_events.order_id = counted_events.order_id
    and placed_events.event_number = counted_events.event_number;
