-- The first referral known on a day, as it was received. Parameters: known_date.
-- Grain: one row.

with
    messages as (
        select
            message_id,
            known_at,
            attributes,
            payload,
            safe_convert_bytes_to_string(payload) as payload_text
        from pbm_bronze.raw_orders
        where known_date = @known_date
    )
select
    attributes,
    payload,
    known_at,
    timestamp(json_value(payload_text, '$.time')) as happened_at
from messages
where safe.parse_json(payload_text) is not null and strpos(payload_text, 'referral_received') > 0
order by known_at, payload_text
limit 1;
