-- How much waits for the relay. PostgreSQL.
-- Grain: one row.

select count(*) as event_count, extract(epoch from now() - min(written_at)) as oldest_seconds
from outbox
where published_at is null;
