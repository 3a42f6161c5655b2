-- Messages that hold no JSON, or more of it than is read (500 arrays and objects).
-- Parameters: first_date, last_date (both included).
-- Grain: one row per delivery.

with
    deliveries as (
        select
            message_id,
            payload,
            known_at,
            safe_convert_bytes_to_string(payload) as payload_text
        from pbm_bronze.raw_orders
        where known_date between @first_date and @last_date
    )
select message_id, payload
from deliveries
where
    json_type(safe.parse_json(payload_text, wide_number_mode => 'round')) is null
    or regexp_contains(payload_text, r'^\x{FEFF}|\x00|\x{FFFD}')
    or length(payload_text) - length(replace(replace(payload_text, '[', ''), '{', '')) > 500
order by known_at, message_id;
