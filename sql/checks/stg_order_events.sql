-- What must hold of silver's events; no row is good.
-- Grain: one row per failing row and check.
-- Columns: check_name, severity (fail or warn), row_key, detail.
-- What a row says by itself is looked at in one pass: a day's rows are many, those that fail are few.

with
    judged_rows as (
        select
            events.source,
            events.event_id,
            events.event_at,
            events.event_date,
            events.event_type,
            events.event_date != date(events.event_at) as is_misdated,
            types.event_type is null as is_unknown,
            not regexp_contains(events.patient_key, r'^[0-9a-f]{32}$') as is_no_pseudonym,
            events.event_at > timestamp_add(events.known_at, interval 10 minute) as is_early
        from pbm_silver.stg_order_events as events
        left join pbm_ops.rule_event_types as types on types.event_type = events.event_type
    ),
    failing_rows as (
        select *
        from judged_rows
        where is_misdated or is_unknown or is_no_pseudonym or is_early
    )
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
from failing_rows
where is_misdated
union all
select
    'event type is known' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    event_type as detail
from failing_rows
where is_unknown
union all
select
    'pseudonym is 32 hexadecimal digits' as check_name,
    'fail' as severity,
    concat(source, '/', event_id) as row_key,
    'patient_key' as detail
from failing_rows
where is_no_pseudonym
union all
select
    'known before it happened' as check_name,
    'warn' as severity,
    concat(source, '/', event_id) as row_key,
    cast(event_at as string) as detail
from failing_rows
where is_early;
