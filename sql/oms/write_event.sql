-- Write an event to the outbox; one that is there stays as it is. PostgreSQL.
-- Grain: one row per event. Parameters: event_id, order_id, payload, attributes (JSON).

insert into outbox (event_id, order_id, payload, attributes)
values (%(event_id)s, %(order_id)s, %(payload)s, %(attributes)s)
on conflict (event_id) do nothing;
