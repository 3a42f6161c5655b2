-- What must hold of silver's events; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.

select
    'one row per (source, event_id)' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    concat(cast(count(*) as string), ' rows') as detail
from pbm_silver.stg_order_events
group by source, event_id
having count(*) > 1
union all
select
    'event_date is the UTC date of event_at' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    cast(event_date as string) as detail
from pbm_silver.stg_order_events
where event_date != date(event_at)
union all
select
    'event type is known' as check_name,
    'fail' as severity,
    concat(events.source, '/', events.event_id) as row_key,
    events.event_type as detail
from pbm_silver.stg_order_events as events
left join pbm_ops.rule_event_types as types on types.event_type = events.event_type
where types.event_type is null
union all
select
    'pseudonym is 32 hexadecimal digits' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    'patient_key' as detail
from pbm_silver.stg_order_events
where not regexp_contains(patient_key, r'^[0-9a-f]{32}$')
union all
select
    'known before it happened' as check_name,
    'warn' as severity,
    concat(source, '/', event_id) as row_key,
    cast(event_at as string) as detail
from pbm_silver.stg_order_events
where event_at > timestamp_add(known_at, interval 10 minute);
