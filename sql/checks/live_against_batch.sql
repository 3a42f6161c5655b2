-- The speed layer against the batch layer, order by order, for what both have had time to see: the
-- messages of a day that is built. No row is good.
-- Grain: one row per event that only one of them has, or that differs.
-- Sources: pbm_live.order_events, pbm_silver. Parameters: run_date, silver_dates and live_dates
-- (the partitions that hold the events of the day's messages in silver, and what live holds).
-- Columns: check_name, severity (fail or warn), row_key (order), detail (source/event).

with
    live_events as (
        select *
        from pbm_live.order_events
        where date(known_at) = @run_date
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
    ),
    batch_events as (
        select *
        from pbm_silver.stg_order_events
        where event_date in unnest(@silver_dates) and date(known_at) = @run_date
    ),
    standing as (
        select source, event_id
        from pbm_silver.stg_order_events
        where event_date in unnest(@live_dates)
    )
select
    'an event of live is in silver' as check_name,
    'fail' as severity,
    live_events.order_id as row_key,
    concat(live_events.source, '/', live_events.event_id) as detail
from live_events
left join standing
    on standing.source = live_events.source and standing.event_id = live_events.event_id
where standing.event_id is null
union all
select
    'an event of silver came through live' as check_name,
    'warn' as severity,
    batch_events.order_id as row_key,
    concat(batch_events.source, '/', batch_events.event_id) as detail
from batch_events
cross join (select count(*) as event_count from live_events) as live
left join pbm_live.order_events as live_events
    on live_events.source = batch_events.source
    and live_events.event_id = batch_events.event_id
where live.event_count > 0 and live_events.event_id is null
union all
select
    'live and silver say the same of an event' as check_name,
    'fail' as severity,
    batch_events.order_id as row_key,
    concat(batch_events.source, '/', batch_events.event_id) as detail
from batch_events
inner join live_events on live_events.message_id = batch_events.message_id
where
    live_events.order_id != batch_events.order_id
    or live_events.event_type != batch_events.event_type
    or live_events.event_at != batch_events.event_at
    or live_events.known_at != batch_events.known_at
    or coalesce(live_events.stage, '') != coalesce(batch_events.stage, '')
    or coalesce(live_events.patient_key, '') != coalesce(batch_events.patient_key, '')
    or coalesce(live_events.pharmacy_id, '') != coalesce(batch_events.pharmacy_id, '')
    or coalesce(live_events.drug_ndc, '') != coalesce(batch_events.drug_ndc, '')
    or coalesce(live_events.carrier, '') != coalesce(batch_events.carrier, '');
