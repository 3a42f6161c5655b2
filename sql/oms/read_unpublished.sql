-- The oldest events that no relay has published. PostgreSQL.
-- Grain: one row per event. Parameter: row_limit.

select outbox_id, event_id, order_id, payload, attributes
from outbox
where published_at is null
order by outbox_id
limit %(row_limit)s;
