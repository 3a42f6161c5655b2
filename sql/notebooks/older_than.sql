-- How many messages of a day happened long before. Parameters: known_date, window_days.
-- Grain: one row.

with
    messages as (
        select safe_convert_bytes_to_string(payload) as payload_text
        from pbm_bronze.raw_orders
        where known_date = @known_date
    ),
    happened as (
        select date(safe_cast(json_value(payload_text, '$.time') as timestamp)) as event_date
        from messages
        where safe.parse_json(payload_text) is not null
    )
select
    count(*) as message_count,
    countif(event_date < date_sub(@known_date, interval @window_days day)) as older_count
from happened;
