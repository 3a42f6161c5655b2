-- Note that events are with Pub/Sub. PostgreSQL.
-- Grain: one row per event. Parameter: outbox_ids.

update outbox set published_at = now() where outbox_id = any(%(outbox_ids)s);
