-- What a day received. Parameters: known_date.
-- Grain: one row per source attribute.

select
    coalesce(source, '(none)') as source,
    count(*) as delivery_count,
    count(distinct message_id) as message_count,
    sum(byte_length(payload)) as payload_bytes
from pbm_bronze.raw_orders
where known_date = @known_date
group by source
order by source;
