-- What order management has to tell, written in the transaction that makes it true. PostgreSQL.
-- Grain: one row per event. outbox_id is the order of writing: of one order also that of its
-- commits, since whoever writes an event holds its order's row until then.

create table outbox (
    outbox_id bigint generated always as identity primary key,
    event_id text not null unique,
    order_id text not null,
    payload bytea not null,
    attributes jsonb not null default '{}',
    written_at timestamptz not null default now(),
    published_at timestamptz
);

create index outbox_unpublished on outbox (outbox_id) where published_at is null;
create index outbox_by_order on outbox (order_id);
create index outbox_published on outbox (published_at) where published_at is not null;
