-- Delete events that were published long ago; bronze has them. PostgreSQL.
-- Grain: one row per event. Parameter: days.

delete from outbox where published_at < now() - make_interval(days => %(days)s);
