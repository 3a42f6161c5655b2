-- How long after it happened each message of a day was known. Parameters: known_date.
-- Grain: one row per delay class and source.

with
    messages as (
        select
            source,
            known_at,
            safe_convert_bytes_to_string(payload) as payload_text
        from pbm_bronze.raw_orders
        where known_date = @known_date
    ),
    delays as (
        select
            source,
            timestamp_diff(
                known_at, safe_cast(json_value(payload_text, '$.time') as timestamp), second
            ) as delay_seconds
        from messages
        where
            json_type(safe.parse_json(payload_text, wide_number_mode => 'round')) = 'object'
            and not regexp_contains(payload_text, r'^\x{FEFF}|\x00|\x{FFFD}')
    ),
    classes as (
        select
            source,
            case
                when delay_seconds < 60 then '1: under a minute'
                when delay_seconds < 600 then '2: under 10 minutes'
                when delay_seconds < 3600 then '3: under an hour'
                when delay_seconds < 86400 then '4: under a day'
                else '5: a day and more'
            end as delay
        from delays
    )
select delay, source, count(*) as message_count
from classes
group by delay, source
order by delay, source;
