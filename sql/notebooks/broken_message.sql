-- Messages that hold no JSON. Parameters: first_date, last_date (both included).
-- Grain: one row per delivery.

select message_id, payload
from pbm_bronze.raw_orders
where
    known_date between @first_date and @last_date
    and safe.parse_json(safe_convert_bytes_to_string(payload)) is null
order by known_at, message_id;
