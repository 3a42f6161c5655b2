-- The raw messages that dead letters point to.
-- Grain: one row per message.
-- Sources: pbm_bronze.raw_orders.
-- Parameters: message_ids; first_date, last_date (known_date, UTC, both included).

select
    message_id,
    known_at,
    known_date,
    attributes,
    payload
from pbm_bronze.raw_orders
where
    known_date between @first_date and @last_date
    and message_id in unnest(@message_ids)
qualify row_number() over (partition by message_id order by ingested_at) = 1
order by message_id;
